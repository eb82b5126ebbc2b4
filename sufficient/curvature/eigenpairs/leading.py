"""Certified leading eigenpairs of a loss, with a compressed first layer if possible."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from sufficient.curvature.eigenpairs.compression import Compression, compression_of
from sufficient.curvature.eigenpairs.copies import with_hidden_copies
from sufficient.curvature.eigenpairs.krylov import BlockOperator, KrylovSpace
from sufficient.curvature.eigenpairs.lanczos import lanczos
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.ranks import Share
from sufficient.results import EigenResult
from sufficient.sample_weights import Targets
from sufficient.typing import Rows

__all__ = [
    "MAX_PRODUCTS",
    "LeadingCurvature",
    "leading_curvature",
    "leading_eigenpairs",
]

MAX_PRODUCTS = 400
N_SUBSAMPLED = 2048


@dataclass(frozen=True)
class LeadingCurvature:
    """The leading eigenpairs of a loss, in coordinates that may be compressed.

    Attributes
    ----------
    objective : Objective
        Loss as a function of the coordinates.
    operator : BlockOperator
        Curvature of the loss in the coordinates.
    pairs : EigenResult
        Ritz pairs of the operator.
    space : KrylovSpace
        The space in which they were found.
    shortfall : ndarray of shape (d,)
        How far the Ritz values lie below the eigenvalues.
    compression : Compression or None
        Relation of the coordinates to the weights; None if they are the weights.
    """

    objective: Objective
    operator: BlockOperator
    pairs: EigenResult
    space: KrylovSpace
    shortfall: np.ndarray
    compression: Compression | None

    @property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues, largest first, of shape (d,)."""
        return self.pairs.eigenvalues + self.shortfall

    @property
    def eigenvectors(self) -> Tensor:
        """Orthonormal columns of shape (n_parameters, d), in all weights."""
        if self.compression is None:
            return self.pairs.eigenvectors
        return self.compression.expand(self.pairs.eigenvectors.T).T

    def inputs(self, X: Rows) -> Rows:
        """Samples in the form that `objective` takes."""
        return X if self.compression is None else self.compression.inputs(X)


@dataclass(frozen=True)
class _Search:
    """Parameters of a search, as in `leading_curvature`."""

    n_directions: int
    tol: float
    matrix: str
    chunk_size: int | None
    seek_copies: bool

    def operator(self, objective: Objective, X: Rows, y: Targets) -> CurvatureOperator:
        return CurvatureOperator.of_share(
            objective, X, y, matrix=self.matrix, chunk_size=self.chunk_size
        )

    def pairs(
        self, operator: CurvatureOperator, start: Tensor
    ) -> tuple[EigenResult, KrylovSpace]:
        return leading_eigenpairs(
            operator,
            n_directions=self.n_directions,
            tol=self.tol,
            start=start,
            seek_copies=self.seek_copies,
        )


def leading_curvature(
    objective: Objective,
    X: Rows,
    y: Targets,
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
    X, y : Rows, Targets
        Samples and targets.
    n_directions, tol, matrix, chunk_size
        As in `top_eigenpairs`.
    start : Tensor of shape (n_parameters,)
        Start vector.
    compress : bool, default=True
        Whether to compress a wide first layer, if the error can be certified.
    compression : Compression or None, default=None
        A known compression; None computes one for these samples.
    seek_copies : bool, default=True
        Whether to search for copies of multiple eigenvalues.

    Returns
    -------
    LeadingCurvature
    """
    search = _Search(n_directions, tol, matrix, chunk_size, seek_copies)
    if compress and compression is None:
        compression = compression_of(objective, X, y)
    if compression is not None:
        found = _compressed(compression, X, y, start, search)
        if found is not None:
            return found
    operator = search.operator(objective, X, y)
    pairs, space = search.pairs(operator, start)
    shortfall = np.zeros_like(pairs.eigenvalues)
    return LeadingCurvature(objective, operator, pairs, space, shortfall, None)


def _compressed(
    compression: Compression, X: Rows, y: Targets, start: Tensor, search: _Search
) -> LeadingCurvature | None:
    """Leading eigenpairs after compression; None if its error cannot be certified."""
    reduced, share = compression.objective, Share.of(len(X))
    rows = compression.inputs(X[share.rows])
    operator = CurvatureOperator(
        reduced,
        rows,
        y[share.rows],
        share=share,
        matrix=search.matrix,
        chunk_size=search.chunk_size,
    )
    # Half of the tolerance is for the Ritz values, the other half for the shortfall.
    half = replace(search, tol=search.tol / 2)
    pairs, space = half.pairs(operator, compression.restrict(start))
    values = pairs.eigenvalues
    shortfall = compression.shortfall(values, space.products[: len(values)], half.tol)
    if shortfall is None:
        return None
    return LeadingCurvature(reduced, operator, pairs, space, shortfall, compression)


def leading_eigenpairs(
    operator: CurvatureOperator,
    *,
    n_directions: int,
    tol: float,
    start: Tensor,
    seek_copies: bool = True,
) -> tuple[EigenResult, KrylovSpace]:
    """Certified leading eigenpairs of an operator, and the space that contains them."""
    n_directions = min(n_directions, len(start))
    most = max(MAX_PRODUCTS, 4 * n_directions)
    pairs, space = lanczos(
        operator, n_directions, start=start, tol=tol, max_products=most
    )
    if not seek_copies:
        return pairs, space
    subsampled = operator.subsampled(N_SUBSAMPLED)
    return with_hidden_copies(
        operator, pairs, space, subsampled=subsampled, tol=tol, max_products=most
    )
