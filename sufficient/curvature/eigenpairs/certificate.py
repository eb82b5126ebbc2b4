"""Bounds on the distance of Ritz values from eigenvalues."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sufficient.curvature.eigenpairs.krylov import Ritz

__all__ = ["is_certified", "residual_norms", "ritz_error_bounds"]


def ritz_error_bounds(
    values: np.ndarray, residuals: np.ndarray, n_directions: int
) -> np.ndarray:
    """Bound ``|lambda_i - theta_i|`` by ``min(r_i, r_i^2 / gap_i)``.

    The gap of a Ritz value is its distance to the nearest other eigenvalue. The other
    eigenvalues are known only up to their residuals, so these are subtracted from the
    distances between the Ritz values.

    Parameters
    ----------
    values : ndarray of shape (n_vectors,)
        All Ritz values, largest first.
    residuals : ndarray of shape (n_vectors,)
        Residual norms of the Ritz pairs.
    n_directions : int
        Number of leading values to bound.

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


def is_certified(found: Ritz, tol: float, dtype: torch.dtype) -> bool:
    """Whether the relative error of every leading Ritz value is at most `tol`."""
    if len(found.values) < found.n_directions:
        return False
    bounds = ritz_error_bounds(found.values, found.residuals, found.n_directions)
    return bool(np.all(bounds <= _allowed_errors(found, tol, dtype)))


def _allowed_errors(found, tol, dtype):
    rounding = 10 * torch.finfo(dtype).eps * np.abs(found.values).max()
    return np.maximum(tol * np.abs(found.values[: found.n_directions]), rounding)


def residual_norms(values: np.ndarray, vectors: Tensor, products: Tensor) -> np.ndarray:
    """Norm of ``H v - theta v`` for rows v.

    Products may be wider than the vectors (see `CurvatureOperator.products`); the
    additional entries count as part of the residual.
    """
    n = vectors.shape[1]
    theta = torch.as_tensor(values.copy()).to(vectors)[:, None]
    inside = torch.linalg.vector_norm(products[:, :n] - theta * vectors, dim=1)
    outside = torch.linalg.vector_norm(products[:, n:], dim=1)
    return torch.hypot(inside, outside).cpu().double().numpy()
