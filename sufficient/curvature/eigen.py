"""Algebraically largest eigenpairs by Lanczos, stopped by a certificate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import eigh_tridiagonal
from torch import Tensor

from sufficient.results import EigenResult

__all__ = ["KrylovSpace", "lanczos", "ritz_error_bounds"]


@dataclass(frozen=True)
class KrylovSpace:
    """The leading part of the space that Lanczos searched, and its image.

    Attributes
    ----------
    basis : Tensor of shape (n_vectors, n_parameters)
        Orthonormal rows V.
    images : Tensor of shape (n_vectors, n_parameters)
        ``V H``.
    smallest_value : float
        Smallest Ritz value: the most negative curvature met.
    n_hidden : int
        Eigenpairs that the first search had missed.
    """

    basis: Tensor
    images: Tensor
    smallest_value: float
    n_hidden: int = 0


def lanczos(
    operator,
    n_directions: int,
    *,
    tol: float,
    start: Tensor,
    max_products: int,
) -> tuple[EigenResult, KrylovSpace]:
    """Expand a Krylov space until its leading Ritz values are certified.

    Every new vector is orthogonalised twice against all earlier ones, so that no copy
    of a found eigenvalue appears. An exhausted space is continued with a random
    direction. Before that, only one copy of a multiple eigenvalue is found.

    Parameters
    ----------
    operator : CurvatureOperator or Tensor
        Anything with ``shape`` and ``@``.
    n_directions : int
        Eigenpairs wanted, at most the size of the operator.
    tol : float
        Largest relative error of each eigenvalue. Errors below ten rounding errors of
        the largest eigenvalue count as zero.
    start : Tensor of shape (n_parameters,)
        Start vector; its device and dtype are those of the basis.
    max_products : int
        Give up after so many products and report `converged` as False.

    Returns
    -------
    EigenResult, KrylovSpace
    """
    size = operator.shape[0]
    limit = min(size, max_products)
    basis = start.new_zeros(min(limit, 2 * n_directions + 16), size)
    images = torch.zeros_like(basis)
    basis[0] = start / torch.linalg.vector_norm(start)
    diagonal, off_diagonal = [], []
    for step in range(limit):
        images[step] = operator @ basis[step]
        rest, alpha, beta = _orthogonalise(images[step], basis[: step + 1])
        diagonal.append(alpha)
        off_diagonal.append(beta)
        exhausted = step + 1 == limit
        if exhausted or _time_to_check(step + 1, n_directions):
            found = _ritz(diagonal, off_diagonal, n_directions, step + 1 == size)
            if exhausted or _certified(found, tol, start.dtype):
                break
        basis, images = (_with_room(b, step + 1, limit) for b in (basis, images))
        if _has_broken_down(diagonal, off_diagonal):
            off_diagonal[-1] = torch.zeros_like(beta)
            basis[step + 1] = _orthogonal_to(basis[: step + 1])
        else:
            basis[step + 1] = rest / beta
    basis, images = basis[: step + 1], images[: step + 1]
    result = _eigen_result(found, basis, images, tol)
    return result, _leading_space(found, basis, images)


@dataclass(frozen=True)
class _Ritz:
    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray
    n_directions: int


def _orthogonalise(image, basis):
    """One Lanczos step; alpha and beta stay on the device."""
    overlaps = basis @ image
    rest = image - basis.T @ overlaps
    rest = rest - basis.T @ (basis @ rest)
    return rest, overlaps[-1], torch.linalg.vector_norm(rest)


def _time_to_check(n_vectors, n_directions):
    return n_vectors > n_directions and n_vectors % max(2, n_vectors // 16) == 0


def _ritz(diagonal, off_diagonal, n_directions, complete):
    alphas = torch.stack(diagonal).cpu().double().numpy()
    betas = torch.stack(off_diagonal).cpu().double().numpy()
    values, vectors = eigh_tridiagonal(alphas, betas[:-1])
    values, vectors = values[::-1], vectors[:, ::-1]
    residuals = (0.0 if complete else betas[-1]) * np.abs(vectors[-1])
    return _Ritz(values, vectors, residuals, n_directions)


def ritz_error_bounds(
    values: np.ndarray, residuals: np.ndarray, n_directions: int
) -> np.ndarray:
    """Bound ``|lambda_i - theta_i|`` by ``min(r_i, r_i^2 / gap_i)``.

    The gap of a Ritz value is its distance to the nearest other eigenvalue. Those are
    known only to within their own residuals, which are therefore taken off the gap.

    Parameters
    ----------
    values : ndarray of shape (n_vectors,)
        All Ritz values, largest first.
    residuals : ndarray of shape (n_vectors,)
        Their residual norms.
    n_directions : int
        How many of the leading values to bound.

    Returns
    -------
    ndarray of shape (n_directions,)

    References
    ----------
    B. N. Parlett, The Symmetric Eigenvalue Problem, theorem 11.7.1.
    """
    leading = slice(0, n_directions)
    distance = np.abs(values[leading, None] - values[None, :]) - residuals[None, :]
    distance[np.arange(n_directions), np.arange(n_directions)] = np.inf
    gap = np.maximum(distance.min(axis=1), 0)
    radius = residuals[leading]
    with np.errstate(divide="ignore", invalid="ignore"):
        quadratic = np.where(gap > 0, radius**2 / gap, np.inf)
    return np.minimum(radius, quadratic)


def _certified(found, tol, dtype):
    if len(found.values) < found.n_directions:
        return False
    bounds = ritz_error_bounds(found.values, found.residuals, found.n_directions)
    return bool(np.all(bounds <= _allowed(found, tol, dtype)))


def _allowed(found, tol, dtype):
    rounding = 10 * torch.finfo(dtype).eps * np.abs(found.values).max()
    return np.maximum(tol * np.abs(found.values[: found.n_directions]), rounding)


def _with_room(basis, n_used, limit):
    if n_used < len(basis):
        return basis
    extra = min(limit, 2 * len(basis)) - len(basis)
    return torch.cat([basis, basis.new_zeros(extra, basis.shape[1])])


def _has_broken_down(diagonal, off_diagonal):
    seen = torch.stack([*diagonal, *off_diagonal])
    scale = seen.abs().max()
    return bool(off_diagonal[-1] <= 10 * torch.finfo(seen.dtype).eps * scale)


def _orthogonal_to(basis):
    generator = torch.Generator(device=basis.device).manual_seed(len(basis))
    fresh = torch.randn(
        basis.shape[1], generator=generator, dtype=basis.dtype, device=basis.device
    )
    for _ in range(2):
        fresh = fresh - basis.T @ (basis @ fresh)
    return fresh / torch.linalg.vector_norm(fresh)


def _eigen_result(found, basis, images, tol):
    leading = slice(0, found.n_directions)
    weights = torch.as_tensor(found.vectors[:, leading].T.copy()).to(basis)
    theta = torch.as_tensor(found.values[leading].copy()).to(basis)[:, None]
    vectors = weights @ basis
    rest = torch.linalg.vector_norm(weights @ images - theta * vectors, dim=1)
    return EigenResult(
        eigenvalues=found.values[leading].copy(),
        eigenvectors=torch.linalg.qr(vectors.T)[0],
        residuals=rest.cpu().double().numpy(),
        n_products=len(basis),
        converged=_certified(found, tol, basis.dtype),
    )


def _leading_space(found, basis, images):
    """Keep three Ritz vectors for every eigenpair: the rest says little of the top."""
    kept = min(len(found.values), 3 * found.n_directions)
    weights = torch.as_tensor(found.vectors[:, :kept].T.copy()).to(basis)
    return KrylovSpace(weights @ basis, weights @ images, float(found.values[-1]))
