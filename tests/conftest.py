"""One thread per test process, the data of most tests, and what several subjects need.

pytest-xdist runs one process per core.
"""

import pytest
import torch

from sufficient import SampleSizeEstimator
from sufficient.datasets import load_digits_images
from sufficient.growing.probe import Probe
from sufficient.training.strategies import Training
from tests.small import STEPWISE

torch.set_num_threads(1)
# Where these fail they tell their numbers, as a test does.
pytest.register_assert_rewrite(
    "tests.same", "tests.processes", "tests.storage.fits", "tests.data.kinds"
)


@pytest.fixture(scope="module")
def digits():
    return load_digits_images(n_samples=200)


@pytest.fixture(scope="module")
def many_digits():
    return load_digits_images(n_samples=400)


@pytest.fixture(scope="module")
def unsettled(many_digits):
    """An estimator for which there are far too few digits."""
    quick = {"n_directions": 3, "n_monte_carlo": 8, "random_state": 0, **STEPWISE}
    est = SampleSizeEstimator(tol=1e-9, **quick)
    return est.fit(*many_digits)


@pytest.fixture
def no_training(monkeypatch):
    """From when it is called, nothing may be trained or measured any more."""

    def refuse(*args, **kwargs):
        raise AssertionError("trained or measured again")

    def switch():
        monkeypatch.setattr(Training, "_train", refuse)
        monkeypatch.setattr(Probe, "measure", refuse)

    return switch
