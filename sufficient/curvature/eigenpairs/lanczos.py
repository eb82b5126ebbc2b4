"""Algebraically largest eigenpairs by Lanczos, stopped by a certificate."""

from __future__ import annotations

import torch
from torch import Tensor

from sufficient.curvature.eigenpairs.certificate import is_certified, residual_norms
from sufficient.curvature.eigenpairs.krylov import (
    KrylovSearch,
    KrylovSpace,
    Multiplies,
)
from sufficient.ranks import agreed
from sufficient.results import EigenResult

__all__ = ["lanczos"]

TIMES_HELD = 3


def lanczos(
    operator: Multiplies,
    n_directions: int,
    *,
    tol: float,
    start: Tensor,
    max_products: int,
    beside: Tensor | None = None,
) -> tuple[EigenResult, KrylovSpace]:
    """Expand a Krylov space until its leading Ritz values are certified three times.

    Parameters
    ----------
    operator : Multiplies
        The matrix.
    n_directions : int
        Eigenpairs wanted, at most the size of the operator.
    tol : float
        Largest relative error of each eigenvalue. Errors below ten rounding errors of
        the largest eigenvalue count as zero.
    start : Tensor of shape (n_parameters,)
        Start vector; its device and dtype are those of the basis.
    max_products : int
        Give up after so many products and report `converged` as False.
    beside : Tensor of shape (n_rows, n_parameters) or None, default=None
        Orthonormal rows; only what is orthogonal to them is searched.

    Returns
    -------
    EigenResult, KrylovSpace
    """
    search = KrylovSearch(operator, start, max_products, beside)
    held = 0
    while True:
        search.expand()
        if search.is_exhausted or _time_to_check(search, n_directions):
            found = search.ritz(n_directions)
            # Gaps come from Ritz values: one that is just about to split looks fine.
            held = held + 1 if is_certified(found, tol, start.dtype) else 0
            if search.is_exhausted or held == TIMES_HELD:
                break
    return _eigen_result(search, found, tol), _leading_space(search, found)


def _time_to_check(search, n_directions):
    # Elsewhere than on a CPU, looking means waiting.
    stride = max(1 if search.basis.device.type == "cpu" else 2, len(search) // 32)
    return len(search) > n_directions and len(search) % stride == 0


def _eigen_result(search, found, tol):
    d = found.n_directions
    theta = found.values[:d].copy()
    vectors, images = _combined(search, found, d)
    return EigenResult(
        eigenvalues=theta,
        eigenvectors=agreed(torch.linalg.qr(vectors.T)[0]),
        residuals=residual_norms(theta, vectors, images),
        n_products=search.n_products,
        converged=is_certified(found, tol, vectors.dtype),
    )


def _leading_space(search, found):
    """Keep three Ritz vectors for every eigenpair: the rest says little of the top."""
    kept = min(len(found.values), 3 * found.n_directions)
    basis, images = _combined(search, found, kept)
    return KrylovSpace(basis, images, float(found.values[-1]))


def _combined(search, found, n_vectors):
    weights = torch.as_tensor(found.vectors[:, :n_vectors].T.copy()).to(search.basis)
    return weights @ search.basis, weights @ search.images
