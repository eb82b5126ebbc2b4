"""What is built and installed. Oracles: the build tools, and a fresh environment."""

import os
import re
import subprocess
import sys
import tarfile
import warnings
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from sufficient._clash import warn_of_clash
from sufficient._version import __version__

ROOT = Path(__file__).parents[1]
# Without the sources of a developer, which would hide what is installed.
ENV = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
QUESTION = """
import sufficient
from sufficient.datasets import load_digits_images
est = sufficient.SampleSizeEstimator(random_state=0, verbose=0)
print(sufficient.__file__, est.fit(*load_digits_images(n_samples=400)).verdict_)
"""


def test_another_package_in_the_same_folder_is_named(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_clash(tmp_path)
        warn_of_clash(ROOT / "sufficient")
    (tmp_path / "__about__.py").touch()
    with pytest.warns(UserWarning, match="pip uninstall sufficient sufficient-data"):
        warn_of_clash(tmp_path)


def test_citation_and_changelog_name_the_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in citation
    assert f"\n## {__version__} - " in changelog


def run(*command, cwd):
    done = tried(*command, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tried(*command, cwd):
    return subprocess.run(command, cwd=cwd, env=ENV, capture_output=True, text=True)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The source distribution, and the wheel built of it."""
    pytest.importorskip("build", reason="needs the package build")
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


@pytest.mark.slow
def test_distributions_hold_what_belongs_to_them(built):
    sdist, wheel = built
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        "CHANGELOG.md",
        "CODE_OF_CONDUCT.md",
        "README.md",
        "LICENSE",
        "constraints.txt",
        "pyproject.toml",
    }
    assert wanted <= names
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {"sufficient/py.typed", "sufficient/report/page.html"} <= {*names}
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        "sufficient",
        "sufficient_data",
    }


@pytest.mark.slow
@pytest.mark.skipif(find_spec("twine") is None, reason="needs the package twine")
def test_the_package_index_accepts_the_metadata(built):
    run(sys.executable, "-m", "twine", "check", "--strict", *built, cwd=ROOT)


@pytest.mark.slow
def test_no_link_on_the_package_index_is_relative(built):
    with zipfile.ZipFile(built[1]) as archive:
        (metadata,) = (n for n in archive.namelist() if n.endswith("/METADATA"))
        text = archive.read(metadata).decode()
    targets = re.findall(r"\]\(([^)]+)\)", text)
    assert targets and all(target.startswith("https://") for target in targets)
    assert "How this was measured" in text


@pytest.mark.slow
def test_the_wheel_answers_in_a_fresh_environment(built, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    pip = python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt"
    run(*pip, built[1], cwd=tmp_path)
    where, _, verdict = run(python, "-c", QUESTION, cwd=tmp_path).partition(" ")
    assert Path(where).is_relative_to(tmp_path / "venv") and verdict.strip()
    command = python.with_name("sufficient"), "digits", "--plot", "picture.png"
    refused = tried(*command, cwd=tmp_path)
    assert refused.returncode != 0 and "sufficient-data[plot]" in refused.stderr
