"""Class weights. Oracles: dense Hessians and sums by hand, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.utils.class_weight import compute_class_weight
from skorch import NeuralNetClassifier
from torch import nn

from sufficient import MLP, SampleSizeEstimator
from sufficient.curvature import top_eigenpairs
from sufficient.curvature.losses import mean_weight, weighted_mean
from sufficient.display.arrival import samples_in_order_of_arrival
from sufficient.nets import default_net
from sufficient.training.criteria import objective_of
from tests.dense import dense_hessian, outputs_at, spectrum
from tests.same import assert_same_curves
from tests.small import SEEDED

N = 120
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 5)).astype(np.float32)
Y = (X[:, 0] > 0.8).astype(int)
WEIGHT = torch.tensor([1.0, 7.0])
QUICK = {**SEEDED, "schedule": [3, 5], "batch_size": 16}


class Probabilities(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 2), nn.Softmax(dim=1))


NETS = {
    "cross-entropy": default_net(
        "mlp", module__hidden_sizes=(4,), criterion__weight=WEIGHT
    ),
    "with smoothing": default_net(
        "mlp",
        module__hidden_sizes=(4,),
        criterion__weight=WEIGHT,
        criterion__label_smoothing=0.1,
    ),
    "of probabilities": NeuralNetClassifier(
        Probabilities, criterion__weight=WEIGHT, verbose=0
    ),
}


@pytest.mark.parametrize("training", ["update", "restart", "full", "converged"])
def test_the_measured_loss_is_the_weighted_mean_that_torch_trains(training):
    est = SampleSizeEstimator(NETS["cross-entropy"], **{**QUICK, "training": training})
    est.fit(X, Y)
    samples = samples_in_order_of_arrival(est, X, Y)
    seen, net = samples[: est.n_train_], est.estimator_
    objective = objective_of(net)
    measured = objective.losses(objective.parameters, seen.X, seen.y).mean()
    outputs = net.module_.eval()(seen.X)
    expected = nn.CrossEntropyLoss(weight=WEIGHT)(outputs, seen.y)
    assert_allclose(measured.item(), expected.item(), rtol=1e-5)


@pytest.mark.parametrize("name", NETS)
def test_the_eigenvalues_are_those_of_the_weighted_loss(name):
    est = SampleSizeEstimator(NETS[name], **QUICK).fit(X, Y)
    n = est.train_sizes_[-1]
    seen = samples_in_order_of_arrival(est, X, Y)[:n]
    net = est.estimator_
    module, mean = net.module_.eval().double(), mean_weight(net.criterion_, seen.y)
    reference = nn.CrossEntropyLoss(
        weight=WEIGHT.double(),
        label_smoothing=getattr(net.criterion_, "label_smoothing", 0.0),
    )
    if name == "of probabilities":
        reference = lambda p, y: nn.functional.nll_loss(  # noqa: E731
            torch.log(p), y, weight=WEIGHT.double()
        )
    Xd = seen.X.double()
    H = dense_hessian(module, lambda w: reference(outputs_at(module, w, Xd), seen.y))
    # The weights are scaled by all training samples, of which these are a part.
    assert_allclose(est.eigenvalues_[-1], mean * spectrum(H)[:2], rtol=5e-3)


def test_their_scale_does_not_matter():
    once = NETS["cross-entropy"]
    twice = clone(once).set_params(criterion__weight=2 * WEIGHT)
    found, expected = (
        SampleSizeEstimator(net, **QUICK).fit(X, Y) for net in (twice, once)
    )
    assert_same_curves(found, expected)


def test_top_eigenpairs_take_them():
    torch.manual_seed(0)
    module, loss = MLP(5, 2, (4,)).double(), nn.CrossEntropyLoss(WEIGHT.double())
    inputs, y = torch.from_numpy(X).double(), torch.from_numpy(Y)
    found = top_eigenpairs(module, inputs, y, loss=loss, n_directions=3)
    H = dense_hessian(module, lambda w: loss(outputs_at(module, w, inputs), y))
    assert_allclose(found.eigenvalues, spectrum(H)[:3], rtol=1e-3)
    assert weighted_mean(loss, y).weight[y].mean() == pytest.approx(1)


def test_a_balanced_net_is_above_chance_where_its_accuracy_is_not():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((600, 5)).astype(np.float32)
    y = (X[:, 0] + rng.standard_normal(600) > 2.2).astype(int)
    weight = compute_class_weight("balanced", classes=np.array([0, 1]), y=y)
    net = default_net("mlp", module__hidden_sizes=(), lr=0.01)
    net.set_params(criterion__weight=torch.tensor(weight, dtype=torch.float32))
    est = SampleSizeEstimator(net, **{**QUICK, "update_epochs": 50}).fit(X, y)
    columns = {name: values[-1] for name, values in est.curves_.items()}
    assert columns["validation_score"] < columns["chance_score"]
    assert columns["above_chance"] > 2
