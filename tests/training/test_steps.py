"""Steps by hand-written derivatives. Oracle: the same steps by skorch and autograd."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier, NeuralNetRegressor
from skorch.callbacks import GradientNormClipping
from torch import nn

from sufficient import MLP
from sufficient.inputs import Standardise
from sufficient.training import steps

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
    if isinstance(net.module_.inputs, Standardise):
        net.module_.inputs.fit(X / 3 - 1)
    net.module_.train()
    # skorch's own callbacks only watch.
    if changes.get("callbacks") is None:
        net.callbacks = None
    return net, y


def weights_after(net, step, y):
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
    assert isinstance(step, steps._MLPStep)
    by_hand = weights_after(net, step, y)
    by_skorch = weights_after(other, lambda X, y: other.train_step((X, y)), y)
    for one, two in zip(by_hand, by_skorch, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-5)
    first = next(net_of(case, **how)[0].module_.parameters())
    assert not torch.allclose(by_hand[0], first, atol=1e-4)


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
    assert not isinstance(steps.step_of(net), steps._MLPStep)


def test_frozen_layers_are_left_to_skorch():
    net, _ = net_of()
    next(net.module_.parameters()).requires_grad_(False)
    assert not isinstance(steps.step_of(net), steps._MLPStep)
