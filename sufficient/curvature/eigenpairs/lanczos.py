"""Algebraically largest eigenpairs by the Lanczos method, until they are certified."""

from __future__ import annotations

import torch
from torch import Tensor

from sufficient.curvature.eigenpairs.certificate import is_certified, residual_norms
from sufficient.curvature.eigenpairs.krylov import (
    KrylovSearch,
    KrylovSpace,
    SymmetricOperator,
)
from sufficient.ranks import broadcast
from sufficient.results import EigenResult

__all__ = ["lanczos"]

N_CONFIRMATIONS = 3


def lanczos(
    operator: SymmetricOperator,
    n_directions: int,
    *,
    tol: float,
    start: Tensor,
    max_products: int,
    orthogonal_to: Tensor | None = None,
) -> tuple[EigenResult, KrylovSpace]:
    """Expand a Krylov space until its leading Ritz values are certified three times.

    Parameters
    ----------
    operator : SymmetricOperator
        The matrix.
    n_directions : int
        Number of eigenpairs, at most the size of the operator.
    tol : float
        Largest relative error of each eigenvalue. Errors below ten rounding errors of
        the largest eigenvalue count as zero.
    start : Tensor of shape (n_parameters,)
        Start vector; the basis has its device and dtype.
    max_products : int
        Largest number of products; after these, `converged` is False.
    orthogonal_to : Tensor of shape (n_rows, n_parameters) or None, default=None
        Orthonormal rows; only what is orthogonal to them is searched.

    Returns
    -------
    EigenResult, KrylovSpace
    """
    search = KrylovSearch(operator, start, max_products, orthogonal_to)
    n_confirmed = 0
    while True:
        search.expand()
        if search.is_exhausted or _is_check_due(search, n_directions):
            found = search.ritz(n_directions)
            # Three times in a row: the gaps come from Ritz values, and one that is
            # about to split in two can pass the test by accident.
            n_confirmed = (
                n_confirmed + 1 if is_certified(found, tol, start.dtype) else 0
            )
            if search.is_exhausted or n_confirmed == N_CONFIRMATIONS:
                break
    space = _leading_space(search, found)
    return _eigen_result(search, found, space, tol), space


def _is_check_due(search, n_directions):
    # Less often on a GPU, where every check waits for the computation to finish.
    stride = max(1 if search.basis.device.type == "cpu" else 2, len(search) // 32)
    return len(search) > n_directions and len(search) % stride == 0


def _leading_space(search, found):
    """Keep three Ritz vectors per eigenpair; others contribute little to the top."""
    kept = min(len(found.values), 3 * found.n_directions)
    weights = torch.as_tensor(found.vectors[:, :kept].T.copy()).to(search.basis)
    basis, products = weights @ search.basis, weights @ search.products
    return KrylovSpace(basis, products, float(found.values[-1]))


def _eigen_result(search, found, space, tol):
    d = found.n_directions
    theta, vectors = found.values[:d].copy(), space.basis[:d]
    return EigenResult(
        eigenvalues=theta,
        eigenvectors=broadcast(torch.linalg.qr(vectors.T)[0]),
        residuals=residual_norms(theta, vectors, space.products[:d]),
        n_products=search.n_products,
        converged=is_certified(found, tol, vectors.dtype),
    )
