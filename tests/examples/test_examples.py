"""Every example runs in small."""

import subprocess
import sys

import pytest

from tests.places import EXAMPLES, FASHION_MNIST

SMALL = {
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
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(SMALL)


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] if n in SLOW else []) for n in SMALL],
)
def test_an_example_runs_in_small(name, tmp_path):
    if name == "plot_fashion_mnist.py" and not FASHION_MNIST.exists():
        pytest.skip("Fashion-MNIST is not installed")
    command = [sys.executable, str(EXAMPLES / name), *SMALL[name]]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        env={"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PATH": ""},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout
