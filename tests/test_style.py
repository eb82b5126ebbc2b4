"""The code is formatted and linted as pyproject.toml says."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RUFF = shutil.which("ruff", path=Path(sys.executable).parent)


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
def test_ruff_finds_nothing(command):
    done = subprocess.run(
        [RUFF, *command, "--no-cache", str(ROOT)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode()


def test_imports_run_one_way():
    """No module imports one that imports it, directly or through others."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for path in (ROOT / "sufficient").rglob("*.py")
        if path.name not in ("__init__.py", "__main__.py")
    }
    imports = {
        name: {
            line.split()[1]
            for line in path.read_text(encoding="utf-8").splitlines()
            if line.startswith("from sufficient.")
        }
        & set(modules)
        for name, path in modules.items()
    }

    def reached(name, seen):
        for other in imports[name] - seen:
            seen.add(other)
            reached(other, seen)
        return seen

    assert not [name for name in modules if name in reached(name, set())]
