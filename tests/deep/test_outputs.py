"""Regressors that return one number a sample. Oracle: the same net with an axis."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from sufficient import SampleSizeEstimator
from sufficient.nets import default_net
from tests.small import SEEDED

N = 160
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 4)).astype(np.float32)
Y = 3 * X[:, 0] ** 2 - X[:, 1] + 5
WEIGHTS = RNG.exponential(size=N)


class WithAxis(nn.Module):
    """No chain of layers."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 5), nn.Linear(5, 1)

    def forward(self, X):
        h = torch.tanh(self.first(X))
        return self.last(h + h**2)


class Flat(WithAxis):
    def forward(self, X):
        return super().forward(X)[:, 0]


class ChainWithAxis(nn.Sequential):
    def __init__(self, *more):
        super().__init__(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 1), *more)


class FlatChain(ChainWithAxis):
    def __init__(self):
        super().__init__(nn.Flatten(0))


def fitted(module, y=Y, weights=None, criterion=nn.MSELoss, net=None, **changes):
    how = {"lr": 0.01, "max_epochs": 5, "criterion": criterion, **(net or {})}
    net = default_net(module, regression=True, **how)
    return SampleSizeEstimator(net, **{**SEEDED, **changes}).fit(X, y, weights)


def assert_same_answers(found, expected):
    for name, rtol in {
        "train_loss": 1e-4,
        "validation_score": 1e-4,
        "validation_score_std_err": 1e-4,
        "chance_score": 1e-6,
        "calibrated_loss": 1e-4,
        "projected": 1e-2,
        "delta": 1e-2,
        "n_steps": 0,
    }.items():
        one, two = found.curves_[name], expected.curves_[name]
        assert_allclose(one, two, rtol=rtol, err_msg=name)
    assert_allclose(found.eigenvalues_, expected.eigenvalues_, rtol=1e-3)
    assert_allclose(found.predict(X), expected.predict(X), rtol=1e-3, atol=1e-4)


PAIRS = {"a module": (Flat, WithAxis), "a chain": (FlatChain, ChainWithAxis)}


@pytest.mark.parametrize(
    "training",
    ["update", "restart", "full", pytest.param("converged", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.filterwarnings("error:Using a target size")
def test_answers_are_those_of_the_same_net_with_an_axis(name, training):
    found, expected = (fitted(one, training=training) for one in PAIRS[name])
    assert_same_answers(found, expected)


@pytest.mark.parametrize("criterion", [nn.L1Loss, nn.PoissonNLLLoss])
@pytest.mark.filterwarnings("error:Using a target size")
def test_by_other_criteria_as_well(criterion):
    more = {}
    if criterion is nn.PoissonNLLLoss:
        more = {"predict_nonlinearity": torch.exp}
    found, expected = (
        fitted(one, np.abs(Y).round(), criterion=criterion, net=more)
        for one in PAIRS["a module"]
    )
    assert_same_answers(found, expected)


@pytest.mark.parametrize("name", PAIRS)
def test_weights_of_samples_count(name):
    found, expected = (fitted(one, weights=WEIGHTS) for one in PAIRS[name])
    assert_same_answers(found, expected)


def test_targets_may_be_a_column():
    found, expected = fitted(Flat, Y[:, None]), fitted(WithAxis, Y[:, None])
    assert found.predict(X).shape == (N, 1)
    assert_same_answers(found, expected)


def test_a_scorer_and_a_session_take_them():
    scoring = "neg_mean_absolute_error"
    scored = [fitted(one, scoring=scoring) for one in (Flat, WithAxis)]
    assert_allclose(scored[0].score_curve_, scored[1].score_curve_, rtol=1e-4)
    sessions = []
    for one in (Flat, WithAxis):
        net = default_net(one, regression=True, lr=0.01)
        est = SampleSizeEstimator(net, **SEEDED)
        sessions.append(est.partial_fit(X[:80], Y[:80]).partial_fit(X[80:], Y[80:]))
    assert_same_answers(*sessions)


def test_two_targets_need_two_columns():
    with pytest.raises(ValueError, match=r"shape \(32,\) for 32 samples.*Return"):
        fitted(Flat, np.column_stack([Y, X[:, 0]]))
