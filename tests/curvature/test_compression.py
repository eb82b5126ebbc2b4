"""Oracles: the dense Hessian restricted by hand, and exact products."""

import numpy as np
import pytest
import torch
from torch import nn

from sufficient import MLP
from sufficient.curvature import top_eigenpairs
from sufficient.curvature.eigenpairs.compression import compression_of
from sufficient.curvature.eigenpairs.follow import FollowedCurvature
from sufficient.curvature.eigenpairs.leading import leading_curvature
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from tests.curvature.cases import low_rank_problem

N_KEPT = 20


def test_the_compressed_hessian_is_the_restriction_of_the_full_one():
    net, X, y = low_rank_problem()
    full = Objective(net, "cross_entropy")
    compression = compression_of(full, X, y, N_KEPT)
    reduced = compression.objective
    rows = torch.randn(4, reduced.n_parameters).double()
    within = CurvatureOperator(reduced, compression.inputs(X), y).products(rows)
    images = CurvatureOperator(full, X, y).products(compression.expand(rows))
    restricted = torch.stack([compression.restrict(image) for image in images])
    torch.testing.assert_close(within[:, : reduced.n_parameters], restricted)


def test_the_sketch_keeps_the_length_of_what_is_left_out():
    net, X, y = low_rank_problem(noise=0.5)
    full = Objective(net, "cross_entropy")
    compression = compression_of(full, X, y, N_KEPT)
    reduced = compression.objective
    rows = torch.randn(6, reduced.n_parameters).double()
    sketched = CurvatureOperator(reduced, compression.inputs(X), y).products(rows)
    sketched = sketched[:, reduced.n_parameters :].norm(dim=1)
    images = CurvatureOperator(full, X, y).products(compression.expand(rows))
    inside = torch.stack([compression.restrict(image) for image in images])
    outside = (images.square().sum(1) - inside.square().sum(1)).sqrt()
    np.testing.assert_allclose(sketched / outside, 1, atol=0.35)


def test_expanding_and_restricting_are_inverse_to_each_other():
    net, X, y = low_rank_problem()
    compression = compression_of(Objective(net, "cross_entropy"), X, y, N_KEPT)
    rows = torch.randn(3, compression.objective.n_parameters).double()
    back = [compression.restrict(row) for row in compression.expand(rows)]
    torch.testing.assert_close(torch.stack(back), rows)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("noise", [0.02, 0.3, 1.0])
def test_what_is_certified_is_within_the_tolerance(seed, noise, monkeypatch):
    monkeypatch.setattr(
        "sufficient.curvature.eigenpairs.leading.compression_of", few_directions
    )
    net, X, y = low_rank_problem(seed, noise=noise)
    how = {"n_directions": 4, "random_state": seed}
    exact = top_eigenpairs(net, X, y, tol=1e-9, compress=False, **how)
    found = top_eigenpairs(net, X, y, tol=1e-2, **how)
    assert found.converged
    np.testing.assert_allclose(found.eigenvalues, exact.eigenvalues, rtol=1e-2)
    norms = found.eigenvectors.T @ found.eigenvectors
    torch.testing.assert_close(norms, torch.eye(4).double())


def test_what_cannot_be_certified_is_not_compressed(monkeypatch):
    monkeypatch.setattr(
        "sufficient.curvature.eigenpairs.leading.compression_of", few_directions
    )
    how = {"n_directions": 4, "tol": 1e-4}
    compressed = [
        leading_curvature(
            objective, X, y, start=torch.randn(objective.n_parameters).double(), **how
        ).compression
        is not None
        for objective, X, y in map(objective_and_data, (0.001, 3.0))
    ]
    assert compressed == [True, False]


def few_directions(objective, X, y):
    return compression_of(objective, X, y, N_KEPT)


def objective_and_data(noise):
    net, X, y = low_rank_problem(noise=noise)
    return Objective(net, "cross_entropy"), X, y


def test_samples_that_were_not_sampled_are_certified_too(monkeypatch):
    monkeypatch.setattr("sufficient.curvature.eigenpairs.moments.N_SAMPLED", 100)
    net, X, y = low_rank_problem(noise=0.02)
    X[7], X[7, 5] = 0, 30.0
    how = {"n_directions": 4, "random_state": 0}
    exact = top_eigenpairs(net, X, y, compress=False, tol=1e-6, **how)
    found = top_eigenpairs(net, X, y, tol=1e-3, **how)
    np.testing.assert_allclose(found.eigenvalues, exact.eigenvalues, rtol=1e-3)


@pytest.mark.parametrize(
    "net",
    [
        MLP(60, 3),
        nn.Sequential(nn.Linear(600, 8), nn.Tanh(), nn.Linear(8, 3)),
        nn.Sequential(nn.Linear(600, 8), nn.BatchNorm1d(8), nn.Linear(8, 3)),
    ],
    ids=["narrow", "not of straight pieces", "not a chain"],
)
def test_other_networks_are_not_compressed(net):
    width = next(net.parameters()).shape[1]
    X, y = torch.randn(30, width), torch.randint(3, (30,))
    assert compression_of(Objective(net.eval(), "cross_entropy"), X, y, N_KEPT) is None


@pytest.mark.parametrize("past", [(), (64, 96, 128, 160)])
def test_followed_eigenvalues_are_those_of_every_size(past, monkeypatch):
    monkeypatch.setattr("sufficient.curvature.eigenpairs.follow.N_KEPT", N_KEPT)
    net, X, y = low_rank_problem(noise=0.02)
    objective = Objective(net, "cross_entropy")
    followed = FollowedCurvature(objective, X, y, n_directions=4, tol=1e-3, past=past)
    for n in range((past or (32,))[-1] + 32, 401, 32):
        found = followed.follow(n)
        exact = top_eigenpairs(net, X[:n], y[:n], n_directions=4, tol=1e-9)
        np.testing.assert_allclose(found.eigenvalues, exact.eigenvalues, rtol=1e-3)
        loss, gradient = objective.loss_and_gradient(X[:n], y[:n])
        assert followed.loss_and_gradient()[0] == pytest.approx(loss)
        torch.testing.assert_close(followed.loss_and_gradient()[1], gradient)
