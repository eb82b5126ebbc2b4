"""Steps by hand-written derivatives. Oracle: the same steps by skorch and autograd."""

from __future__ import annotations

import copy
from functools import partial

import numpy as np
import pytest
import torch
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import GradientNormClipping
from torch import nn

from sufficient import MLP, ConvNet
from sufficient.data.samples import Samples
from sufficient.inputs import Standardise
from sufficient.sample_weights import WeightedTargets
from sufficient.training import steps
from sufficient.training.batches import TensorBatches
from sufficient.training.weighted import trained_loss

RNG = np.random.default_rng(0)
X = torch.from_numpy(RNG.standard_normal((40, 6)).astype(np.float32))
CODES = torch.from_numpy(RNG.integers(3, size=40))
ROWS = torch.from_numpy(RNG.integers(2, size=(40, 3)).astype(np.float32))
REAL = torch.from_numpy(RNG.standard_normal((40, 3)).astype(np.float32))
CASES = {
    "classes": (NeuralNetClassifier, nn.CrossEntropyLoss, CODES),
    "numbers": (NeuralNetRegressor, nn.MSELoss, REAL),
    "several labels": (NeuralNetClassifier, nn.BCEWithLogitsLoss, ROWS),
    "two classes": (NeuralNetBinaryClassifier, nn.BCEWithLogitsLoss, ROWS[:, 0]),
}


class OwnStep(NeuralNetClassifier):
    """Does something of its own at every step."""

    def train_step(self, *args, **kwargs):
        """As before."""
        return super().train_step(*args, **kwargs)


def net_of(case="classes", **changes):
    kind, criterion, y = CASES[case]
    kind = changes.pop("kind", kind)
    given = {
        "criterion": criterion,
        "module__n_inputs": 6,
        "module__n_outputs": 1 if y.ndim == 1 and y is not CODES else 3,
        "module__hidden_sizes": (5, 4),
        "optimizer": torch.optim.Adam,
        "lr": 0.01,
        "callbacks": None,
        "verbose": 0,
    }
    torch.manual_seed(0)
    net = kind(MLP, **{**given, **changes}).initialize()
    for layer in net.module_.modules():
        if isinstance(layer, Standardise):
            layer.fit(X / 3 - 1)
    net.module_.train()
    # skorch's own callbacks only watch.
    if changes.get("callbacks") is None:
        net.callbacks = None
    return net, y


def weights_after(net, step, y, X=X):
    for rows in torch.split(torch.arange(40).repeat(6), 16):
        step(X[rows], y[rows])
    return [parameter.detach() for parameter in net.module_.parameters()]


@pytest.mark.parametrize(
    ("case", "more"),
    [
        *((case, {}) for case in CASES),
        ("classes", {"criterion__label_smoothing": 0.2}),
        ("classes", {"module__standardise": True}),
    ],
)
@pytest.mark.parametrize("optimizer", [torch.optim.Adam, torch.optim.SGD])
@pytest.mark.parametrize("hidden", [(), (5, 4)])
def test_weights_are_those_of_skorch(case, more, optimizer, hidden):
    how = {"optimizer": optimizer, "module__hidden_sizes": hidden, **more}
    net, y = net_of(case, **how)
    other = copy.deepcopy(net)
    step = steps.step_of(net)
    assert isinstance(step, steps._ChainStep)
    by_hand = weights_after(net, step, y)
    by_skorch = weights_after(other, lambda X, y: other.train_step((X, y)), y)
    for one, two in zip(by_hand, by_skorch, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5)
    first = next(net_of(case, **how)[0].module_.parameters())
    assert not torch.allclose(by_hand[0], first, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_weights_of_samples_count_as_in_the_loss_of_autograd(case):
    net, y = net_of(case)
    other, plain = copy.deepcopy(net), copy.deepcopy(net)
    weights = torch.from_numpy(RNG.exponential(size=40).astype(np.float32))
    weighted = WeightedTargets(y, weights)
    by_hand = weights_after(net, steps.step_of(net), weighted)
    slow = steps.by_skorch(other, trained_loss(other, Samples(X, y, weights)))
    for one, two in zip(by_hand, weights_after(other, slow, weighted), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5)
    without = weights_after(plain, steps.step_of(plain), y)
    assert not torch.allclose(by_hand[0], without[0], atol=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"criterion__weight": torch.ones(3)},
        {"criterion__reduction": "sum"},
        {"criterion": nn.BCEWithLogitsLoss, "criterion__pos_weight": torch.ones(3)},
        {"criterion": nn.L1Loss},
        {"optimizer": torch.optim.LBFGS, "lr": 1.0},
        {"callbacks": [GradientNormClipping(1.0)]},
        {"kind": OwnStep},
    ],
    ids=["weights", "sum", "pos_weight", "L1", "LBFGS", "callback", "own step"],
)
def test_what_has_rules_of_its_own_is_left_to_skorch(changes):
    net, _ = net_of(**changes)
    assert not isinstance(steps.step_of(net), steps._ChainStep)


class Dropping(nn.Module):
    """Drops what a function of torch's drops."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 3)

    def forward(self, X):
        return nn.functional.dropout(self.layer(X), 0.5, self.training)


def with_layers(*layers):
    return {"kind": partial(_of_layers, layers)}


def _of_layers(layers, kind, **given):
    own = {name: value for name, value in given.items() if "module__" not in name}
    return NeuralNetClassifier(nn.Sequential(*layers), **own)


IMAGES = nn.Unflatten(1, (1, 6, 6))
CONVOLUTIONS = {
    "the library's own": (ConvNet(36, 3),),
    "no biases, stride": (
        *(IMAGES, nn.Conv2d(1, 3, 3, stride=2, bias=False), nn.ReLU()),
        *(nn.Conv2d(3, 4, 2), nn.Flatten(), nn.Linear(4, 3, bias=False)),
    ),
    "pooled first": (
        *(IMAGES, nn.MaxPool2d(2), nn.Conv2d(1, 2, 2, padding=1), nn.ReLU()),
        *(nn.MaxPool2d((2, 1)), nn.Flatten(), nn.Linear(16, 3)),
    ),
    "linear on rows": (
        nn.Unflatten(1, (6, 6)),
        nn.Linear(6, 2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(12, 3),
    ),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_weights_of_convolutions_are_those_of_skorch(name):
    # Adam would enlarge the rounding of gradients that are nearly zero.
    how = {"optimizer": torch.optim.SGD, "lr": 0.1}
    net, y = net_of(**with_layers(*copy.deepcopy(CONVOLUTIONS[name])), **how)
    X = torch.from_numpy(np.random.default_rng(1).standard_normal((40, 36))).float()
    other, step = copy.deepcopy(net), steps.step_of(net)
    before = [parameter.detach().clone() for parameter in net.module_.parameters()]
    assert isinstance(step, steps._ChainStep)
    by_hand = weights_after(net, step, y, X)
    by_skorch = weights_after(other, lambda X, y: other.train_step((X, y)), y, X)
    for one, two, start in zip(by_hand, by_skorch, before, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5)
        assert not torch.allclose(one, start, atol=1e-4)


@pytest.mark.parametrize(
    "layers",
    [(nn.Linear(6, 4), nn.Dropout(), nn.Linear(4, 3)), (Dropping(),)],
    ids=["module", "function"],
)
def test_dropout_is_left_to_skorch(layers):
    net, _ = net_of(**with_layers(*layers))
    assert not isinstance(steps.step_of(net), steps._ChainStep)


@pytest.mark.parametrize("epochs", [1, 3])
def test_minibatches_are_those_of_skorch(epochs):
    how = {"iterator_train": TensorBatches, "iterator_train__shuffle": True}
    net, y = net_of(train_split=None, batch_size=16, **how)
    other = copy.deepcopy(net)
    torch.manual_seed(1)
    n_steps = steps.train_by(steps.step_of(net), net, X, y, epochs)
    torch.manual_seed(1)
    other.fit_loop(X, y, epochs=epochs)
    assert n_steps == len([b for epoch in other.history for b in epoch["batches"]])
    for one, two in zip(
        net.module_.parameters(), other.module_.parameters(), strict=True
    ):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5)


def test_frozen_layers_are_left_to_skorch():
    net, _ = net_of()
    next(net.module_.parameters()).requires_grad_(False)
    assert not isinstance(steps.step_of(net), steps._ChainStep)
