"""Leading eigenvalues after one more batch at the same weights, by Rayleigh-Ritz."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from sufficient.curvature.eigenpairs.certificate import ritz_error_bounds
from sufficient.curvature.eigenpairs.krylov import BlockOperator, KrylovSpace
from sufficient.ranks import broadcast

__all__ = ["GrownSpectrum", "grown_spectrum"]

MAX_EXPANSIONS = 4
SHARE_OF_SHIFT = 0.05


@dataclass(frozen=True)
class GrownSpectrum:
    """Leading eigenvalues of the grown Hessian ``(1 - w) H + w h``.

    Attributes
    ----------
    eigenvalues : ndarray of shape (d,)
        Largest first.
    error_bounds : ndarray of shape (d,)
        Bound on the error of each, unless a larger eigenvalue lies outside the space.
    converged : bool
        Whether the bounds meet the tolerance.
    in_batch : Tensor of shape (n_vectors, n_vectors)
        ``V h V'`` for the rows V of the space that was given.
    space : KrylovSpace
        The space, which may have been expanded, with products of the grown Hessian.
    vectors : Tensor of shape (n_vectors, n_vectors)
        Ritz vectors in coordinates of this space, one per row, largest value first.
    """

    eigenvalues: np.ndarray
    error_bounds: np.ndarray
    converged: bool
    in_batch: Tensor
    space: KrylovSpace
    vectors: Tensor


def grown_spectrum(
    space: KrylovSpace,
    seen: BlockOperator,
    batch: BlockOperator,
    *,
    weight: float,
    eigenvalues: np.ndarray,
    tol: float,
    share_of_shift: float = SHARE_OF_SHIFT,
) -> GrownSpectrum:
    """Rayleigh-Ritz for the grown Hessian in the Krylov space of the seen samples.

    The products of this space with the Hessian of the seen samples are known, so only
    products with the new batch are needed. If the residuals are too large to certify
    the tolerance, they are added to the space. This takes products with both.

    Parameters
    ----------
    space : KrylovSpace
        Leading Ritz vectors of the Hessian H of the seen samples.
    seen, batch : BlockOperator
        H, and the Hessian h of the batch.
    weight : float
        w = b / (n + b).
    eigenvalues : ndarray of shape (d,)
        Leading eigenvalues of H.
    tol : float
        Largest relative error of an eigenvalue.
    share_of_shift : float, default=0.05
        Errors below this share of the norm of the vector of all shifts are allowed too.

    Returns
    -------
    GrownSpectrum
    """
    basis, seen_weight = space.basis, 1 - weight
    # In place, as a space of a large net takes much memory.
    grown = batch.products(basis)
    in_batch = grown[:, : basis.shape[1]] @ basis.T
    grown.lerp_(space.products, seen_weight)
    for expansion in range(MAX_EXPANSIONS + 1):
        values, vectors, bounds, rest = _rayleigh_ritz(basis, grown, len(eigenvalues))
        shift = share_of_shift * np.linalg.norm(values[: len(bounds)] - eigenvalues)
        missed = bounds > _allowed_errors(
            values[: len(bounds)], shift, tol, basis.dtype
        )
        if not missed.any() or expansion == MAX_EXPANSIONS:
            break
        fresh = _orthonormal_against(basis, rest[torch.as_tensor(missed)])
        if not len(fresh):
            break
        basis = torch.cat([basis, fresh])
        more = batch.products(fresh).lerp_(seen.products(fresh), seen_weight)
        grown = torch.cat([grown, more])
    return GrownSpectrum(
        eigenvalues=values[: len(bounds)],
        error_bounds=bounds,
        converged=not missed.any(),
        in_batch=in_batch,
        space=replace(
            space,
            basis=basis,
            products=grown,
            smallest_value=min(space.smallest_value, values[-1]),
        ),
        vectors=vectors,
    )


def _rayleigh_ritz(basis, products, n_directions):
    # Additional columns, for weights left out, change both spectra in the same way.
    products = products[:, : basis.shape[1]]
    projected = (basis @ products.T).cpu().double()
    values, vectors = map(broadcast, torch.linalg.eigh((projected + projected.T) / 2))
    values, vectors = values.flip(0), vectors.flip(1).T
    # Ritz values further down are too far away to affect the bounds.
    near = slice(0, 2 * n_directions)
    there = torch.cat([values[:, None], vectors], dim=1).to(basis)
    theta, vectors = there[near, :1], there[:, 1:]
    rest = vectors[near] @ products
    rest.addmm_(theta * vectors[near], basis, alpha=-1)
    gram = (rest @ rest.T).cpu().double().numpy()
    bounds = _error_bounds(values[near].numpy(), gram, n_directions)
    return values.numpy(), vectors, broadcast(bounds), rest[:n_directions]


def _error_bounds(values, gram, n_directions):
    """The smaller of two bounds on how far Ritz values lie below the eigenvalues.

    The first divides the squared residuals by the gaps between the values. The second
    uses the Schur complement of the block outside the space. It divides the Gram matrix
    of the residuals by the distance to the curvature outside, for which the last of the
    given Ritz values is taken.
    """
    residuals = np.sqrt(np.diag(gram))
    bounds = ritz_error_bounds(values, residuals, n_directions)
    distance = values[n_directions - 1] - (values[-1] + residuals[-1])
    if distance <= 0:
        return bounds
    raised = np.linalg.eigvalsh(np.diag(values) + gram / distance)[::-1]
    return np.minimum(bounds, (raised - values)[:n_directions])


def _allowed_errors(values, shift, tol, dtype):
    rounding = 100 * torch.finfo(dtype).eps * np.abs(values).max()
    return np.maximum(tol * np.abs(values), max(shift, rounding))


def _orthonormal_against(basis, rows):
    rows = rows[: basis.shape[1] - len(basis)]
    for _ in range(2):
        rows = rows - (rows @ basis.T) @ basis
        rows = torch.linalg.qr(rows.T)[0].T
    return broadcast(rows)
