"""Estimator and function, asked alike; data of every kind; what must be left alone."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression

from sufficient import sample_size_curve
from tests.estimator.nets import NETS
from tests.same import state_of_the_process
from tests.small import SEEDED, small


def fit_estimator(net, X, y, **changes):
    return small(net, **changes).fit(X, y)


def compute_curve(net, X, y, **changes):
    return sample_size_curve(net, X, y, **{**SEEDED, **changes})


@pytest.fixture(params=[fit_estimator, compute_curve], ids=["estimator", "function"])
def ask(request):
    return request.param


@pytest.fixture
def process_kept():
    """The caller's process is left as it was, whatever happens."""
    before = state_of_the_process()
    yield
    assert state_of_the_process() == before


@pytest.fixture(scope="module")
def three_digits(many_digits):
    X, y = many_digits
    return X[y < 3], y[y < 3]


@pytest.fixture(scope="module")
def yes_or_no():
    X, y = make_classification(200, 6, class_sep=2.0, random_state=0)
    return X, np.where(y, "yes", "no")


@pytest.fixture(scope="module")
def targets():
    X, y = make_regression(160, 5, n_targets=2, noise=1.0, random_state=0)
    return X, y


@pytest.fixture(scope="module", params=NETS)
def net(request):
    return NETS[request.param]


@pytest.fixture(scope="module")
def fitted(net, digits):
    return small(net).fit(*digits)
