"""The house is in order: format, lint, imports, spelling and the length of files."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES = {"sufficient": 300, "examples": 300, "tests": 400}


def run(tool, *arguments):
    """Run a tool of this environment in the root of the repository."""
    program = shutil.which(tool, path=Path(sys.executable).parent)
    if program is None:
        pytest.skip(f"{tool} is not installed")
    command = [program, *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff_finds_nothing(command):
    done = run("ruff", *command, "--no-cache", ".")
    assert done.returncode == 0, done.stdout


def test_import_contracts_are_kept():
    done = run("lint-imports", "--no-cache")
    assert done.returncode == 0, done.stdout


def test_words_are_spelled_right():
    done = run("codespell", "sufficient", "tests", "examples", "docs", "README.md")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("folder", "most"), MOST_LINES.items())
def test_no_file_is_too_long(folder, most):
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / folder).rglob("*.py")
    }
    assert not {path: n for path, n in lengths.items() if n > most}
