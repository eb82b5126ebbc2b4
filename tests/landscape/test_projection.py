"""Losses in a plane of weights. Oracles: dense derivatives, plain forward passes."""

import numpy as np
import pytest
import torch
from torch import nn

from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.landscape.displaced import losses_at
from sufficient.landscape.projection import project
from tests.curvature.cases import CASES, make_case, mean_loss
from tests.dense import dense_hessian, weights_of


def only_bias_trained(layer):
    layer.weight.requires_grad_(False)
    return layer


CONVOLUTIONS = {
    "tiles leave out a row": lambda: nn.Sequential(
        *(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.MaxPool2d((2, 3)), nn.Conv2d(3, 4, 2)),
        *(nn.ReLU(), nn.Flatten(), nn.Linear(8, 3)),
    ),
    "large filters": lambda: nn.Sequential(
        *(nn.Conv2d(2, 3, 5, padding=2, bias=False), nn.MaxPool2d(2), nn.Flatten()),
        nn.Linear(48, 3),
    ),
    "stride and dilation": lambda: nn.Sequential(
        *(nn.Conv2d(2, 3, 3, 2, 1, bias=False), nn.Tanh(), nn.Conv2d(3, 4, 3, 1, 2, 2)),
        *(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(16, 3)),
    ),
    "bias trained": lambda: nn.Sequential(
        *(only_bias_trained(nn.Conv2d(2, 3, 3)), nn.Tanh(), nn.Conv2d(3, 2, 4)),
        *(nn.Flatten(), nn.Linear(24, 3)),
    ),
}


@pytest.mark.parametrize("matrix", ["ggn", "hessian"])
@pytest.mark.parametrize("name", ["mlp", "tanh", "conv", "regression"])
def test_projections_equal_dense_derivatives_of_each_sample(name, matrix):
    net, X, y, loss = make_case(name)
    objective = Objective(net, loss)
    basis = torch.linalg.qr(torch.randn(objective.n_parameters, 3).double())[0]
    found = project(objective, X, y, basis, matrix=matrix)
    for i in range(0, 40, 13):
        function = mean_loss(net, X[i : i + 1], y[i : i + 1], loss)
        gradient = torch.autograd.functional.jacobian(function, weights_of(net))
        np.testing.assert_allclose(found.losses[i], function(weights_of(net)).detach())
        np.testing.assert_allclose(found.gradients[i], basis.T @ gradient, atol=1e-12)
        if matrix == "hessian":
            H = dense_hessian(net, function)
            np.testing.assert_allclose(
                found.hessians[i], basis.T @ H @ basis, atol=1e-10
            )
    if matrix == "ggn":
        operator = CurvatureOperator(objective, X, y, matrix="ggn")
        mean = basis.T @ torch.stack([operator @ v for v in basis.T], dim=1)
        np.testing.assert_allclose(found.hessians.mean(axis=0), mean, atol=1e-10)


def test_losses_at_offsets_are_plain_forward_passes():
    net, X, y, loss = make_case("mlp")
    objective = Objective(net, loss)
    basis = torch.linalg.qr(torch.randn(objective.n_parameters, 3).double())[0]
    offsets = torch.randn(4, 3).double()
    found = losses_at(objective, X, y, basis, offsets)
    function, start = mean_loss(net, X, y, loss), weights_of(net)
    truth = [function(start + basis @ offset).item() for offset in offsets]
    np.testing.assert_allclose(found.mean(axis=1), truth)


@pytest.mark.parametrize("name", [*CASES, "first layer frozen", "layer used twice"])
def test_losses_at_draws_equal_plain_passes_sample_by_sample(name):
    net, X, y, loss = make_draw_case(name)
    objective = Objective(net, loss)
    basis = torch.linalg.qr(torch.randn(objective.n_parameters, 3).double())[0]
    offsets = torch.randn(5, 3).double()
    with objective.eval_mode():
        found = losses_at(objective, X, y, basis, offsets)
        for offset, losses in zip(offsets, found, strict=True):
            shifted = objective.unflatten(objective.weights + basis @ offset)
            plain = objective.losses(shifted, X, y).detach()
            np.testing.assert_allclose(losses, plain, atol=1e-12)
    assert "forward" not in vars(net)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_at_draws_equal_plain_passes_sample_by_sample(name):
    net = CONVOLUTIONS[name]().double()
    objective, X = Objective(net, "cross_entropy"), torch.randn(9, 2, 9, 8).double()
    assert objective.layers(X) is not None
    y, offsets = torch.randint(3, (9,)), torch.randn(5, 3).double()
    basis = torch.linalg.qr(torch.randn(objective.n_parameters, 3).double())[0]
    found = losses_at(objective, X, y, basis, offsets)
    for offset, losses in zip(offsets, found, strict=True):
        shifted = objective.unflatten(objective.weights + basis @ offset)
        plain = objective.losses(shifted, X, y).detach()
        np.testing.assert_allclose(losses, plain, atol=1e-12)


class TwiceUsed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 6)

    def forward(self, X):
        return self.layer(self.layer(X).relu())


def make_draw_case(name):
    if name in CASES:
        return make_case(name)
    net, X, y, loss = make_case("mlp")
    if name == "layer used twice":
        return TwiceUsed().double(), X, y, loss
    net.layers[1].weight.requires_grad_(False)
    return net, X, y, loss


@pytest.mark.parametrize("tie", ["weight norm", "own forward", "shared weight"])
def test_draws_of_layers_that_are_not_plainly_linear(tie):
    net = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 6)).double()
    if tie == "weight norm":
        nn.utils.parametrizations.weight_norm(net[0])
    elif tie == "own forward":
        net[0] = Squared(6, 6).double()
    else:
        net[2].weight = net[0].weight
    X, y = torch.randn(12, 6).double(), torch.arange(12) % 6
    objective = Objective(net, "cross_entropy")
    basis = torch.linalg.qr(torch.randn(objective.n_parameters, 2).double())[0]
    offset = torch.randn(1, 2).double()
    found = losses_at(objective, X, y, basis, offset)[0]
    shifted = objective.unflatten(objective.weights + basis @ offset[0])
    plain = objective.losses(shifted, X, y).detach()
    np.testing.assert_allclose(found, plain, atol=1e-12)


class Squared(nn.Linear):
    def forward(self, X):
        return super().forward(X) ** 2
