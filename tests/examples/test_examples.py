"""Examples and studies of one file run in small. Oracle: they end well and print."""

import pytest

from tests.places import EXAMPLES, FASHION_MNIST, ROOT
from tests.processes import python

STUDIES = EXAMPLES / "studies"
SMALL = {
    "plot_architectures.py": [],
    "plot_digits.py": [],
    "plot_fashion_mnist.py": [],
    "plot_grid_search.py": [],
    "plot_labelling_session.py": [],
    "plot_settings.py": [],
}
SMALL_STUDIES = {
    "theory_bounds": [],
    "big_data": ["--rows", "4000", "--tol", "1"],
}
# One fits eight estimators, and compares them with what an earlier commit has stored;
# the other has tests of its own.
BY_HAND = ["__init__", "references", "tables"]
# The documentation runs these as well, whenever it is built.
SLOW = [
    "plot_architectures.py",
    "plot_fashion_mnist.py",
    "plot_grid_search.py",
    "plot_labelling_session.py",
    "plot_settings.py",
]


def test_every_example_is_listed():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SMALL)
    assert {path.stem for path in STUDIES.glob("*.py")} == {*SMALL_STUDIES, *BY_HAND}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in SMALL],
)
def test_an_example_runs_in_small(name, tmp_path):
    if name == "plot_fashion_mnist.py" and not FASHION_MNIST.exists():
        pytest.skip("Fashion-MNIST is not installed")
    runs(EXAMPLES / name, *SMALL[name], cwd=tmp_path)


@pytest.mark.parametrize("name", SMALL_STUDIES)
def test_a_study_runs_in_small(name):
    runs("-m", f"examples.studies.{name}", *SMALL_STUDIES[name], cwd=ROOT)


def runs(*arguments, cwd):
    printed = python(
        *arguments,
        cwd=cwd,
        timeout=240,
        env={"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PATH": ""},
    )
    assert printed
