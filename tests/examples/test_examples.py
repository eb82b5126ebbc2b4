"""Every example runs in small. Oracle: it ends well and prints something."""

import pytest

from tests.places import EXAMPLES, FASHION_MNIST
from tests.processes import python

ARGUMENTS = {
    "plot_architectures.py": [],
    "plot_digits.py": [],
    "plot_fashion_mnist.py": [],
    "plot_grid_search.py": [],
    "plot_labelling_session.py": [],
    "plot_settings.py": [],
    "theory_bounds.py": [],
    "big_data.py": ["--rows", "4000", "--tol", "1"],
}
# The documentation runs these as well, whenever it is built.
SLOW = ["plot_architectures.py", "plot_grid_search.py", "plot_settings.py"]


def test_every_example_is_listed():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(ARGUMENTS)


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in ARGUMENTS],
)
def test_an_example_runs_in_small(name, tmp_path):
    if name == "plot_fashion_mnist.py" and not FASHION_MNIST.exists():
        pytest.skip("Fashion-MNIST is not installed")
    printed = python(
        EXAMPLES / name,
        *ARGUMENTS[name],
        cwd=tmp_path,
        timeout=240,
        env={"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PATH": ""},
    )
    assert printed
