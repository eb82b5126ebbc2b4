"""The types of the package hold together, as mypy sees them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_mypy_finds_nothing():
    pytest.importorskip("mypy")
    # Older ones say too little of themselves.
    pytest.importorskip("numpy", minversion="2.2")
    done = subprocess.run(
        [sys.executable, "-m", "mypy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
