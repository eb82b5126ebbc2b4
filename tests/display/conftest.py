"""Figures are closed, and one small fit serves all tests."""

from __future__ import annotations

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest

from sufficient import SampleSizeEstimator
from sufficient.nets import default_net
from tests.small import STEPWISE


@pytest.fixture(autouse=True)
def close_figures():
    """Leave no figure open."""
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def fitted(many_digits):
    """Four sizes of the digits, one net that goes on learning."""
    net = default_net("mlp", module__hidden_sizes=(16,))
    return SampleSizeEstimator(
        net, tol=1e-3, schedule=[2, 3, 4, 5], n_directions=3, random_state=0, **STEPWISE
    ).fit(*many_digits)
