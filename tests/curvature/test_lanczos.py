"""The search for eigenpairs. Oracles: matrices of known or dense spectrum."""

import numpy as np
import pytest
import torch
from torch import nn

from sufficient.curvature.eigenpairs.certificate import ritz_error_bounds
from sufficient.curvature.eigenpairs.lanczos import lanczos
from sufficient.curvature.eigenpairs.leading import leading_eigenpairs
from sufficient.curvature.eigenpairs.one_more_batch import grown_spectrum
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from tests.curvature.cases import hessian_of, make_case
from tests.dense import spectrum


def test_multiple_and_zero_eigenvalues_are_all_found():
    diagonal = torch.tensor([3.0, 3.0, 3.0, 1.0, 0.0, 0.0, -2.0], dtype=torch.float64)
    start = torch.ones(7, dtype=torch.float64)
    found, _ = lanczos(
        torch.diag(diagonal), 7, tol=1e-10, start=start, max_products=100
    )
    np.testing.assert_allclose(found.eigenvalues, diagonal, atol=1e-10)


def test_algebraic_order_puts_negative_curvature_last():
    diagonal = torch.cat([torch.tensor([-50.0, 4.0, 2.0]), torch.linspace(0, 1, 40)])
    found, space = lanczos(
        torch.diag(diagonal), 2, tol=1e-4, start=torch.randn(43), max_products=43
    )
    np.testing.assert_allclose(found.eigenvalues, [4, 2], rtol=1e-4)
    assert space.smallest_value < -49


@pytest.mark.parametrize("seed", range(20))
def test_a_certified_error_is_never_exceeded_on_clustered_spectra(seed):
    rng = np.random.default_rng(seed)
    spectrum = np.sort(rng.exponential(size=120) ** 3)[::-1].copy()
    Q = np.linalg.qr(rng.standard_normal((120, 120)))[0]
    H = torch.as_tensor(Q * spectrum @ Q.T)
    start = torch.as_tensor(rng.standard_normal(120))
    found, _ = lanczos(H, 6, tol=1e-3, start=start, max_products=120)
    assert found.converged
    np.testing.assert_allclose(found.eigenvalues, spectrum[:6], rtol=1e-3)


def test_ritz_bounds_use_the_gap_only_where_it_is_certain():
    values, residuals = np.array([2.0, 1.0, 0.9]), np.array([0.1, 0.1, 0.2])
    bounds = ritz_error_bounds(values, residuals, 2)
    np.testing.assert_allclose(bounds, [0.01 / 0.9, 0.1])


def test_an_uncertified_result_says_so():
    net, X, y, loss = make_case("mlp")
    operator = CurvatureOperator(Objective(net, loss), X, y)
    start = torch.randn(operator.shape[0], dtype=torch.float64)
    found, _ = lanczos(operator, 3, tol=1e-12, start=start, max_products=5)
    assert not found.converged
    assert found.n_products == 5


@pytest.mark.parametrize("n_seen", [10, 30])
def test_grown_spectrum_equals_the_dense_hessian_of_the_grown_set(n_seen):
    net, X, y, loss = make_case("mlp")
    objective = Objective(net, loss)
    seen = CurvatureOperator(objective, X[:n_seen], y[:n_seen])
    batch = CurvatureOperator(objective, X[n_seen : n_seen + 8], y[n_seen : n_seen + 8])
    start = torch.randn(seen.shape[0]).double()
    pairs, space = lanczos(seen, 4, tol=1e-8, start=start, max_products=200)
    grown = grown_spectrum(
        space,
        seen,
        batch,
        weight=8 / (n_seen + 8),
        eigenvalues=pairs.eigenvalues,
        tol=1e-3,
    )
    H = hessian_of(net, X[: n_seen + 8], y[: n_seen + 8], loss)
    truth = spectrum(H)[:4]
    error = np.abs(grown.eigenvalues - truth)
    assert np.all(error <= grown.error_bounds + 1e-10)
    assert grown.converged
    assert error.max() <= 0.05 * np.linalg.norm(truth - pairs.eigenvalues)


def copies(n_inputs, n_outputs, sign=1):
    """A linear net, whose Hessian under squared error has every eigenvalue n times."""
    torch.manual_seed(0)
    net = nn.Linear(n_inputs, n_outputs, bias=False).double()
    X, y = torch.randn(30, n_inputs).double(), torch.randn(30, n_outputs).double()
    operator = CurvatureOperator(
        Objective(net, lambda z, y: sign * _square(z, y)), X, y
    )
    return net, X, y, operator


def _square(z, y):
    return (z - y).square().mean(1)


@pytest.mark.parametrize(("n_inputs", "n_outputs"), [(40, 5), (6, 10), (10, 4)])
def test_a_space_with_hidden_copies_is_orthonormal_and_serves_the_next_batch(
    n_inputs, n_outputs
):
    net, X, y, operator = copies(n_inputs, n_outputs)
    start = torch.randn(operator.shape[0]).double()
    pairs, space = leading_eigenpairs(operator, n_directions=10, tol=1e-6, start=start)
    assert space.n_hidden > 0
    unit = torch.eye(len(space.basis)).double()
    torch.testing.assert_close(space.basis @ space.basis.T, unit)
    batch_X, batch_y = 2 * torch.randn(10, n_inputs).double(), y[:10]
    batch = CurvatureOperator(Objective(net, _square), batch_X, batch_y)
    grown = grown_spectrum(
        space, operator, batch, weight=0.25, eigenvalues=pairs.eigenvalues, tol=1e-3
    )
    together = 0.75 * X.T @ X / 30 + 0.25 * batch_X.T @ batch_X / 10
    expected = (spectrum(together) * 2 / n_outputs).repeat(n_outputs)[:10]
    # A twentieth of all shifts together is allowed, and more where it says so.
    allowed = (1 if grown.converged else 3) * 0.05
    allowed *= np.linalg.norm(expected - pairs.eigenvalues)
    np.testing.assert_allclose(grown.eigenvalues, expected, atol=allowed, rtol=1e-3)


def test_copies_of_negative_eigenvalues_are_found():
    _, X, _, operator = copies(6, 5, sign=-1)
    start = torch.randn(operator.shape[0]).double()
    pairs, _ = leading_eigenpairs(operator, n_directions=8, tol=1e-6, start=start)
    expected = (spectrum(-X.T @ X / 30) * 2 / 5).repeat(5)[:8]
    np.testing.assert_allclose(pairs.eigenvalues, expected, rtol=1e-5)


def test_a_search_never_takes_more_products_than_it_may():
    X = torch.randn(40, 2).double() @ torch.randn(2, 50).double()
    H = X.T @ X
    start = torch.randn(50).double()
    found, _ = lanczos(H, 20, tol=1e-3, start=start, max_products=60)
    assert found.n_products <= 60
    exact = spectrum(H)[:2]
    np.testing.assert_allclose(found.eigenvalues[:2], exact, rtol=1e-6)
