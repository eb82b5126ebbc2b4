"""A device that runs out of memory, played on the CPU. Oracle: one with enough."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from sufficient import MLP
from sufficient.curvature import top_eigenpairs
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.landscape.displaced import losses_at
from sufficient.landscape.projection import project
from sufficient.reproducibility.devices import OUT_OF_MEMORY
from tests.small import small, small_net


def fixed():
    return torch.Generator().manual_seed(0)


X = torch.randn(90, 6, generator=fixed()).double()
Y = torch.arange(90) % 3


class Branching(nn.Module):
    """No chain of layers, so that its graph is recorded."""

    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Linear(6, 3), nn.Linear(6, 3)

    def forward(self, X):
        return self.one(X) * self.other(X).tanh()


@pytest.fixture(params=["chain", "graph"])
def net(request):
    torch.manual_seed(0)
    chain = request.param == "chain"
    return (MLP(6, 3, hidden_sizes=(5,)) if chain else Branching()).double()


@pytest.fixture
def memory_for(monkeypatch):
    """Let there be memory for the losses, or the products, of so many samples."""
    prepared, losses, sizes = CurvatureOperator._prepared, Objective.losses, []

    def limit(most):
        def counted(n):
            sizes.append(n)
            if n > most:
                raise OUT_OF_MEMORY("CUDA out of memory. Tried 2 GiB.\nMore")

        def prepare(operator, X, y, n):
            # Where the size of a sample is measured there is nothing else yet.
            product = prepared(operator, X, y, n)

            def limited(V):
                counted(len(X))
                return product(V)

            return limited

        def lose(objective, parameters, X, y):
            counted(len(X))
            return losses(objective, parameters, X, y)

        monkeypatch.setattr(CurvatureOperator, "_prepared", prepare)
        monkeypatch.setattr(Objective, "losses", lose)
        return sizes

    return limit


@pytest.mark.parametrize("most", [7, 89])
@pytest.mark.parametrize("matrix", ["hessian", "ggn"])
def test_products_go_on_in_smaller_chunks(net, most, matrix, memory_for):
    rows = torch.randn(3, Objective(net, "cross_entropy").n_parameters).double()

    def images():
        return CurvatureOperator(Objective(net, "cross_entropy"), X, Y, matrix=matrix)

    whole = images().products(rows)
    memory_for(most)
    operator = images()
    torch.testing.assert_close(operator.products(rows), whole)
    assert operator.chunk_size <= most
    torch.testing.assert_close(operator.products(rows), whole)


def test_what_has_failed_is_not_tried_again(net, memory_for):
    operator = CurvatureOperator(Objective(net, "cross_entropy"), X, Y)
    sizes = memory_for(20)
    operator = CurvatureOperator(Objective(net, "cross_entropy"), X, Y)
    row = torch.randn(1, operator.shape[0]).double()
    operator.products(row)
    sizes.clear()
    operator.products(row)
    assert sizes and max(sizes) <= 20


def test_half_of_what_fits_is_kept_where_not_all_does(net, monkeypatch):
    objective = Objective(net, "cross_entropy")
    whole = CurvatureOperator(objective, X, Y)
    row = torch.randn(1, whole.shape[0]).double()
    prepared, held = CurvatureOperator._prepared, []

    def prepare(operator, *data):
        held.append(data)
        if len(held) == 3:
            raise OUT_OF_MEMORY("CUDA out of memory.")
        return prepared(operator, *data)

    monkeypatch.setattr(CurvatureOperator, "_fits", lambda *_: True)
    monkeypatch.setattr(CurvatureOperator, "_chunk_that_fits", lambda _: 30)
    monkeypatch.setattr(CurvatureOperator, "_prepared", prepare)
    operator = CurvatureOperator(objective, X, Y)
    assert len(operator._kept) == 1
    torch.testing.assert_close(operator.products(row), whole.products(row))
    assert operator.chunk_size == 30


def test_eigenpairs_projections_and_draws_are_the_same(net, memory_for):
    objective = Objective(net, "cross_entropy")

    def everything():
        found = top_eigenpairs(net, X, Y, n_directions=3, tol=1e-9, random_state=0)
        start = torch.randn(objective.n_parameters, 3, generator=fixed()).double()
        basis = torch.linalg.qr(start)[0]
        rows = project(objective, X, Y, basis, matrix="ggn")
        draws = losses_at(objective, X, Y, basis, torch.eye(3).double())
        loss, gradient = objective.loss_and_gradient(X, Y)
        return found.eigenvalues, rows.hessians, draws, loss, gradient

    whole, sizes = everything(), memory_for(11)
    chunked = everything()
    assert max(sizes) > 11
    for one, other in zip(whole, chunked, strict=True):
        assert_allclose(one, other, rtol=1e-8, atol=1e-12)


def test_no_memory_for_one_sample_is_told(net, memory_for):
    memory_for(0)
    operator = CurvatureOperator(Objective(net, "cross_entropy"), X, Y)
    row = torch.randn(1, operator.shape[0]).double()
    with pytest.raises(MemoryError, match=r"one sample at a time \(CUDA out of mem"):
        operator.products(row)


def test_a_fit_goes_on_and_answers_the_same(digits, memory_for):
    net = small_net(8, module__standardise=False)
    est = small(net, schedule=[4, 8])
    whole = est.fit(*digits).curves_
    memory_for(30)
    chunked = est.fit(*digits).curves_
    for name in ("delta", "projected", "train_loss"):
        assert_allclose(chunked[name], whole[name], rtol=1e-3)
    assert np.all(chunked["eigen_certified"] == 1)
