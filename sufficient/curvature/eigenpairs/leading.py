"""The leading eigenpairs of a loss, in the coordinates in which they are cheap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from sufficient.curvature.eigenpairs.compression import Compression, compression_of
from sufficient.curvature.eigenpairs.copies import with_hidden_copies
from sufficient.curvature.eigenpairs.krylov import KrylovSpace
from sufficient.curvature.eigenpairs.lanczos import lanczos
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.ranks import Share
from sufficient.results import EigenResult

__all__ = [
    "MAX_PRODUCTS",
    "LeadingCurvature",
    "leading_curvature",
    "leading_eigenpairs",
]

MAX_PRODUCTS = 400
N_SCOUTED = 2048


@dataclass(frozen=True)
class LeadingCurvature:
    """The leading eigenpairs of a loss, in coordinates in which they are cheap.

    Attributes
    ----------
    objective : Objective
        Loss as a function of those coordinates.
    operator : CurvatureOperator
        Its curvature.
    pairs : EigenResult
        Ritz pairs of the operator.
    space : KrylovSpace
        Where they were found.
    shortfall : ndarray of shape (d,)
        How far the Ritz values lie below the eigenvalues.
    compression : Compression or None
        How the coordinates are related to the weights; None where they are the weights.
    """

    objective: Objective
    operator: CurvatureOperator
    pairs: EigenResult
    space: KrylovSpace
    shortfall: np.ndarray
    compression: Compression | None

    @property
    def eigenvalues(self) -> np.ndarray:
        """Largest first, of shape (d,)."""
        return self.pairs.eigenvalues + self.shortfall

    @property
    def eigenvectors(self) -> Tensor:
        """Orthonormal columns among all weights, of shape (n_parameters, d)."""
        if self.compression is None:
            return self.pairs.eigenvectors
        return self.compression.expand(self.pairs.eigenvectors.T).T

    def inputs(self, X: Tensor) -> Tensor:
        """Samples as the objective takes them."""
        return X if self.compression is None else self.compression.inputs(X)


def leading_curvature(
    objective: Objective,
    X: Tensor,
    y: Tensor,
    *,
    n_directions: int,
    tol: float,
    start: Tensor,
    matrix: str = "hessian",
    chunk_size: int | None = None,
    compress: bool = True,
    compression: Compression | None = None,
    seek_copies: bool = True,
) -> LeadingCurvature:
    """Certified leading eigenpairs of a loss around its weights.

    Parameters
    ----------
    objective : Objective
        Network and loss.
    X, y : Tensor
        Samples and targets.
    n_directions, tol, matrix, chunk_size
        As in `top_eigenpairs`.
    start : Tensor of shape (n_parameters,)
        Start vector.
    compress : bool, default=True
        Whether to compress a wide first layer, where that can be certified.
    compression : Compression or None, default=None
        A compression at hand; None finds one for these samples.
    seek_copies : bool, default=True
        Whether to look for copies of multiple eigenvalues.

    Returns
    -------
    LeadingCurvature
    """
    how = {"n_directions": n_directions, "seek_copies": seek_copies}
    within = {"matrix": matrix, "chunk_size": chunk_size}
    if compress and compression is None:
        compression = compression_of(objective, X, y)
    if compression is not None:
        reduced, start_there = compression.objective, compression.restrict(start)
        share = Share.of(len(X))
        rows = compression.inputs(X[share.rows])
        operator = CurvatureOperator(
            reduced, rows, y[share.rows], share=share, **within
        )
        # The other half of the tolerance is for the error of what is added.
        half = tol / 2
        pairs, space = leading_eigenpairs(operator, start=start_there, tol=half, **how)
        values = pairs.eigenvalues
        shortfall = compression.shortfall(values, space.images[: len(values)], half)
        if shortfall is not None:
            return LeadingCurvature(
                reduced, operator, pairs, space, shortfall, compression
            )
    operator = CurvatureOperator.of_share(objective, X, y, **within)
    pairs, space = leading_eigenpairs(operator, start=start, tol=tol, **how)
    shortfall = np.zeros_like(pairs.eigenvalues)
    return LeadingCurvature(objective, operator, pairs, space, shortfall, None)


def leading_eigenpairs(
    operator,
    *,
    n_directions: int,
    tol: float,
    start: Tensor,
    seek_copies: bool = True,
) -> tuple[EigenResult, KrylovSpace]:
    """Certified leading eigenpairs of an operator, and the space they were found in."""
    n_directions = min(n_directions, len(start))
    limits = {"tol": tol, "max_products": max(MAX_PRODUCTS, 4 * n_directions)}
    pairs, space = lanczos(operator, n_directions, start=start, **limits)
    if not seek_copies:
        return pairs, space
    scout = operator.sampled(N_SCOUTED)
    return with_hidden_copies(operator, pairs, space, scout=scout, **limits)
