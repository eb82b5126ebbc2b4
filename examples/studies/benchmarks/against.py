"""The same jobs by this version of the library and by an older one."""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..common.pages import markdown
from .run import ROOT, THREADS

__all__ = ["compared"]


def compared(commit: str, names: Iterable[str], full: bool) -> str:
    """A table of the jobs by the package of a commit and by the present one.

    Parameters
    ----------
    commit : str
        As git names it; only the package is taken from there.
    names : iterable of str
        Names of `jobs.JOBS`.
    full : bool
        At their real sizes.
    """
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        _extract(commit, folder)
        for name in names:
            print(name, file=sys.stderr, flush=True)
            rows.append(_row(name, *(_run(name, at, full) for at in (folder, ROOT))))
    about = f"Before is commit {commit}. One thread, one run each."
    return f"{markdown(rows)}\n\n{about}"


def _row(name, before, now):
    return {
        "job": name,
        **_both("CPU s", "seconds", before, now, lambda value: f"{value:.3g}"),
        "ratio": f"{before['seconds'] / now['seconds']:.2f}",
        **_both("peak MB", "peak_memory", before, now, lambda n: f"{n / 1e6:.0f}"),
        **_both("n\\*", "n_star", before, now, str),
    }


def _both(label, key, before, now, form):
    return {
        f"{label} {when}": form(found[key]) if found.get(key) is not None else ""
        for when, found in (("before", before), ("now", now))
    }


def _extract(commit, folder):
    archive = subprocess.run(
        ["git", "archive", commit, "sufficient"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder)


def _run(name, at, full):
    # The package is found in the working directory first, the study in this one.
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.jobs", name, "full" if full else ""],
        cwd=at,
        env={**os.environ, **THREADS, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    if not Path(found["package"]).is_relative_to(at):
        raise SystemExit(
            f"{name} was done by {found['package']}, which is not in {at}."
        )
    return found
