"""Eigenvalues after one more batch, at the same weights, without a second solve."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from sufficient.curvature.eigenpairs.certificate import ritz_error_bounds
from sufficient.curvature.eigenpairs.krylov import HasImages, KrylovSpace
from sufficient.ranks import agreed

__all__ = ["GrownSpectrum", "grown_spectrum"]

MOST_EXPANSIONS = 4
SHARE_OF_SHIFT = 0.05


@dataclass(frozen=True)
class GrownSpectrum:
    """Leading eigenvalues of ``(1 - w) H + w h`` and the batch seen in the space.

    Attributes
    ----------
    eigenvalues : ndarray of shape (d,)
        Largest first.
    error_bounds : ndarray of shape (d,)
        Bound on the error of each, unless something larger lies outside the space.
    converged : bool
        Whether the bounds meet the tolerance.
    batch_images : Tensor of shape (n_vectors, n_parameters)
        ``V h`` for the rows V of the space given.
    space : KrylovSpace
        The space that certifies it, with its images under the grown Hessian.
    vectors : Tensor of shape (n_vectors, n_vectors)
        Ritz vectors in the coordinates of that space, one in a row, largest first.
    """

    eigenvalues: np.ndarray
    error_bounds: np.ndarray
    converged: bool
    batch_images: Tensor
    space: KrylovSpace
    vectors: Tensor


def grown_spectrum(
    space: KrylovSpace,
    seen: HasImages,
    batch: HasImages,
    *,
    weight: float,
    eigenvalues: np.ndarray,
    tol: float,
    share_of_shift: float = SHARE_OF_SHIFT,
) -> GrownSpectrum:
    """Rayleigh-Ritz for the grown Hessian in the space that Lanczos left behind.

    The images of the space under the seen Hessian are known, so only the new batch has
    to be multiplied. Where the residuals do not certify the tolerance, the space is
    expanded by them, which costs products with the seen Hessian as well.

    Parameters
    ----------
    space : KrylovSpace
        Subspace of the seen Hessian H.
    seen, batch : HasImages
        H, and the Hessian h of the batch alone.
    weight : float
        w = b / (n + b).
    eigenvalues : ndarray of shape (d,)
        Leading eigenvalues of H.
    tol : float
        Largest relative error of an eigenvalue.
    share_of_shift : float, default=0.05
        Errors below this share of the length of the vector of all shifts are allowed.

    Returns
    -------
    GrownSpectrum
    """
    basis, images = space.basis, space.images
    of_batch = batch.images(basis)
    given_images = of_batch
    for expansion in range(MOST_EXPANSIONS + 1):
        grown = (1 - weight) * images + weight * of_batch
        values, vectors, bounds, rest = _rayleigh_ritz(basis, grown, len(eigenvalues))
        shift = share_of_shift * np.linalg.norm(values[: len(bounds)] - eigenvalues)
        missed = bounds > _allowed(values[: len(bounds)], shift, tol, basis.dtype)
        if not missed.any() or expansion == MOST_EXPANSIONS:
            break
        fresh = _orthonormal_against(basis, rest[torch.as_tensor(missed)])
        if not len(fresh):
            break
        basis = torch.cat([basis, fresh])
        images = torch.cat([images, seen.images(fresh)])
        of_batch = torch.cat([of_batch, batch.images(fresh)])
    return GrownSpectrum(
        eigenvalues=values[: len(bounds)],
        error_bounds=bounds,
        converged=not missed.any(),
        batch_images=given_images,
        space=replace(
            space,
            basis=basis,
            images=grown,
            smallest_value=min(space.smallest_value, values[-1]),
        ),
        vectors=vectors,
    )


def _rayleigh_ritz(basis, images, n_directions):
    # What lies outside the coordinates moves both spectra alike.
    images = images[:, : basis.shape[1]]
    projected = (basis @ images.T).cpu().double()
    values, vectors = map(agreed, torch.linalg.eigh((projected + projected.T) / 2))
    values, vectors = values.flip(0), vectors.flip(1).T.to(basis)
    # The leading ones and their neighbours; others are too far away to matter.
    near = slice(0, 2 * n_directions)
    theta = values[near].to(basis)[:, None]
    rest = vectors[near] @ images - theta * (vectors[near] @ basis)
    couplings = (rest @ rest.T).cpu().double().numpy()
    bounds = _error_bounds(values[near].numpy(), couplings, n_directions)
    return values.numpy(), vectors, agreed(bounds), rest[:n_directions]


def _error_bounds(values, couplings, n_directions):
    """The better of two bounds on the error of Ritz values from below.

    One divides the squared residuals by the gaps between the values. The other, by the
    Schur complement of what is outside the space, by the distance to the curvature
    there, which the last of the Ritz values around stands for.
    """
    residuals = np.sqrt(np.diag(couplings))
    bounds = ritz_error_bounds(values, residuals, n_directions)
    distance = values[n_directions - 1] - (values[-1] + residuals[-1])
    if distance <= 0:
        return bounds
    raised = np.linalg.eigvalsh(np.diag(values) + couplings / distance)[::-1]
    return np.minimum(bounds, (raised - values)[:n_directions])


def _allowed(values, shift, tol, dtype):
    rounding = 100 * torch.finfo(dtype).eps * np.abs(values).max()
    return np.maximum(tol * np.abs(values), max(shift, rounding))


def _orthonormal_against(basis, rows):
    rows = rows[: basis.shape[1] - len(basis)]
    for _ in range(2):
        rows = rows - (rows @ basis.T) @ basis
        rows = torch.linalg.qr(rows.T)[0].T
    return agreed(rows)
