"""Weights of samples in the curvature. Oracles: repeated samples, dense Hessians."""

from __future__ import annotations

import copy

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from sufficient import MLP, ConvNet
from sufficient.curvature.losses import mean_weight
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.landscape.displaced import losses_at
from sufficient.landscape.projection import project
from sufficient.sample_weights import WeightedTargets
from tests.dense import dense_hessian, outputs_at
from tests.weighted import COUNTS, LABELS, NUMBERS, Branching, X, Y


class ConvolutionOfRows(ConvNet):
    def __init__(self):
        super().__init__(16, 2, channels=(2, 2), hidden_size=3)

    def forward(self, X):
        return super().forward(torch.nn.functional.pad(X, (0, 11)))


CLASSES = torch.from_numpy(Y)
REAL = torch.from_numpy(NUMBERS)[:, None]
ROWS = torch.from_numpy(LABELS).double()
PROBLEMS = {
    "chain": (MLP(5, 2, (4,)), nn.CrossEntropyLoss(), CLASSES),
    "smoothed": (MLP(5, 2, (4,)), nn.CrossEntropyLoss(label_smoothing=0.1), CLASSES),
    "images": (ConvolutionOfRows(), nn.CrossEntropyLoss(), CLASSES),
    "no chain": (Branching(), nn.CrossEntropyLoss(), CLASSES),
    "class weights": (
        MLP(5, 2, (4,)),
        nn.CrossEntropyLoss(torch.tensor([1.0, 3.0]).double()),
        CLASSES,
    ),
    "numbers": (MLP(5, 1, (4,)), nn.MSELoss(), REAL),
    "numbers, no chain": (Branching(1), nn.MSELoss(), REAL),
    "several labels": (MLP(5, 3, (4,)), nn.BCEWithLogitsLoss(), ROWS),
}


@pytest.fixture(params=PROBLEMS)
def problem(request):
    """A net in float64, its samples with integer weights, and the same repeated."""
    torch.manual_seed(0)
    module, loss, y = copy.deepcopy(PROBLEMS[request.param])
    inputs, counts = torch.from_numpy(X).double(), torch.from_numpy(COUNTS)
    weights = counts.double() / counts.double().mean()
    weighted = inputs, WeightedTargets(y, weights)
    repeated = inputs.repeat_interleave(counts, 0), y.repeat_interleave(counts, 0)
    return Objective(module.double().eval(), loss), weighted, repeated


class TestIntegerWeightsAreRepeatedSamples:
    def test_in_the_loss_and_its_gradient(self, problem):
        objective, weighted, repeated = problem
        found, expected = (
            objective.loss_and_gradient(*some) for some in (weighted, repeated)
        )
        assert_allclose(found[0], expected[0], rtol=1e-12)
        torch.testing.assert_close(found[1], expected[1], rtol=1e-10, atol=1e-13)

    @pytest.mark.parametrize("matrix", ["hessian", "ggn"])
    @pytest.mark.parametrize("chunk_size", [None, 50])
    def test_in_the_curvature(self, problem, matrix, chunk_size):
        objective, weighted, repeated = problem
        units = torch.eye(objective.n_parameters).double()
        found, expected = (
            CurvatureOperator(
                objective, *samples, matrix=matrix, chunk_size=chunk_size
            ).products(units)
            for samples in (weighted, repeated)
        )
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)

    def test_as_the_dense_hessian_says(self, problem):
        objective, weighted, (Xr, yr) = problem
        H = dense_hessian(
            objective.module,
            lambda w: objective.loss(outputs_at(objective.module, w, Xr), yr).mean(),
        )
        units = torch.eye(len(H)).to(H)
        found = CurvatureOperator(objective, *weighted).products(units)
        torch.testing.assert_close(found, H, rtol=1e-8, atol=1e-11)

    @pytest.mark.parametrize("matrix", ["hessian", "ggn"])
    def test_sample_by_sample(self, problem, matrix):
        objective, (inputs, y), _ = problem
        torch.manual_seed(1)
        basis = torch.linalg.qr(torch.randn(objective.n_parameters, 2).double())[0]
        each = project(objective, inputs, y.values, basis, matrix=matrix)
        found = project(objective, inputs, y, basis, matrix=matrix)
        v = y.weights.numpy()
        assert_allclose(found.losses, v * each.losses)
        assert_allclose(found.gradients, v[:, None] * each.gradients, atol=1e-14)
        scaled = v[:, None, None] * each.hessians
        assert_allclose(found.hessians, scaled, rtol=1e-9, atol=1e-12)

    def test_at_displaced_weights(self, problem):
        objective, (inputs, y), _ = problem
        torch.manual_seed(1)
        basis = torch.randn(objective.n_parameters, 2).double()
        offsets = 0.1 * torch.randn(3, 2).double()
        each = losses_at(objective, inputs, y.values, basis, offsets)
        found = losses_at(objective, inputs, y, basis, offsets)
        assert_allclose(found, y.weights.numpy() * each, rtol=1e-10)

    def test_in_the_mean_of_class_weights(self):
        loss = nn.CrossEntropyLoss(torch.tensor([1.0, 3.0]))
        y, counts = torch.from_numpy(Y), torch.from_numpy(COUNTS)
        expected = mean_weight(loss, y.repeat_interleave(counts))
        assert_allclose(mean_weight(loss, WeightedTargets(y, counts)), expected)
