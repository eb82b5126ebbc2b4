"""Python in a process of its own."""

import os
import subprocess
import sys

from tests.places import ROOT


def python(*arguments, cwd=ROOT, **how):
    """What it prints; it has to end well."""
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        **how,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def forking(code, *arguments, timeout):
    """What code prints that forks, which more threads than one do not survive."""
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    return python("-c", code, *arguments, env=one_thread, timeout=timeout)
