"""A Krylov space that grows by one vector at a time, and its Ritz pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from scipy.linalg import eigh_tridiagonal
from torch import Tensor

from sufficient.ranks import broadcast

__all__ = [
    "BlockOperator",
    "KrylovSearch",
    "KrylovSpace",
    "Ritz",
    "SymmetricOperator",
    "random_row",
]

ROOM = 16


class SymmetricOperator(Protocol):
    """A symmetric matrix, or anything that multiplies vectors by ``@``."""

    def __matmul__(self, vector: Tensor, /) -> Tensor: ...


class BlockOperator(Protocol):
    """A symmetric matrix that multiplies several vectors at once."""

    def products(self, rows: Tensor, /) -> Tensor:
        """Products with every row; the result may have additional columns at the end.

        See `CurvatureOperator.products`.
        """


@dataclass(frozen=True)
class KrylovSpace:
    """Leading Ritz vectors of a Krylov space, and their products with the matrix.

    Attributes
    ----------
    basis : Tensor of shape (n_vectors, n_parameters)
        Orthonormal rows V.
    products : Tensor of shape (n_vectors, n_parameters) or wider
        ``V H``, and the additional columns that the operator returns.
    smallest_value : float
        Smallest Ritz value, that is the most negative curvature found.
    n_hidden : int
        Number of eigenpairs that the first search has missed.
    """

    basis: Tensor
    products: Tensor
    smallest_value: float
    n_hidden: int = 0


class KrylovSearch:
    """A Krylov space that grows by one vector at a time.

    Every new vector is orthogonalised against all earlier ones, so that no spurious
    copies of eigenvalues appear. If the space is exhausted (invariant), it is continued
    with a random vector; until then it contains each multiple eigenvalue only once.
    Expanding does not wait for a GPU: values are copied to the CPU only by `ritz`.

    Parameters
    ----------
    operator : SymmetricOperator
        The matrix.
    start : Tensor of shape (n_parameters,)
        Start vector; the basis has its device and dtype.
    max_vectors : int
        Largest dimension of the space.
    orthogonal_to : Tensor of shape (n_rows, n_parameters) or None, default=None
        Orthonormal rows to which the space is kept orthogonal, the start included.
    """

    def __init__(
        self,
        operator: SymmetricOperator,
        start: Tensor,
        max_vectors: int,
        orthogonal_to: Tensor | None = None,
    ) -> None:
        self.operator, self.size = operator, len(start)
        self._excluded = (
            start.new_empty(0, self.size) if orthogonal_to is None else orthogonal_to
        )
        self.max_vectors = max_vectors
        self.limit = min(self.size - len(self._excluded), max_vectors)
        start = start - self._excluded.T @ (self._excluded @ start)
        self._basis = start.new_empty(0, self.size)
        self._products = start.new_empty(0, 0)
        self._next = start / torch.linalg.vector_norm(start)
        self._diagonal: list[Tensor] = []
        self._off_diagonal: list[Tensor] = []
        self._n_exhausted = self.n_products = 0

    def __len__(self) -> int:
        return len(self._diagonal)

    @property
    def basis(self) -> Tensor:
        """Orthonormal rows that span the space."""
        return self._basis[: len(self)]

    @property
    def products(self) -> Tensor:
        """Products of the basis with the operator."""
        return self._products[: len(self)]

    @property
    def is_full(self) -> bool:
        """Whether the largest dimension is reached."""
        return len(self) == self.limit

    @property
    def is_exhausted(self) -> bool:
        """Whether the largest dimension or number of products is reached."""
        return self.is_full or self.n_products >= self.max_vectors

    def expand(self) -> None:
        """Add one vector, at the cost of one product."""
        vector, m = broadcast(self._next), len(self)
        product = self.operator @ vector
        self.n_products += 1
        self._basis = _append_row(self._basis, m, vector)
        self._products = _append_row(self._products, m, product)
        rest = product[: self.size]
        alpha = vector @ rest
        rest = rest - alpha * vector
        if m:
            rest -= self._off_diagonal[-1] * self._basis[m - 1]
        for known in (self._excluded, self._basis[: m + 1]):
            rest -= known.T @ (known @ rest)
        alpha, beta = broadcast(torch.stack([alpha, torch.linalg.vector_norm(rest)]))
        self._diagonal.append(alpha)
        self._off_diagonal.append(beta)
        # On a GPU, `ritz` finds out that the space is exhausted: testing beta here
        # would wait for the GPU at every step.
        self._next = rest / beta.clamp_min(torch.finfo(rest.dtype).tiny)
        if beta.device.type == "cpu" and float(beta) <= _rounding(self._coefficients()):
            self._continue_after(m)

    def ritz(self, n_directions: int) -> Ritz:
        """Ritz pairs of the space; vectors after it was exhausted are dropped."""
        known = self._coefficients().cpu()
        alphas, betas = known.double().numpy().reshape(2, -1)
        exhausted = np.flatnonzero(~(betas > _rounding(known)))
        exhausted = exhausted[exhausted >= self._n_exhausted]
        if len(exhausted):
            self._continue_after(exhausted[0])
            alphas, betas = alphas[: len(self)], betas[: len(self)]
            betas[-1] = 0
        values, vectors = eigh_tridiagonal(alphas, betas[:-1])
        values, vectors = values[::-1], vectors[:, ::-1]
        last = 0.0 if len(self) == self.size - len(self._excluded) else betas[-1]
        values, vectors, residuals = map(
            broadcast, (values, vectors, last * np.abs(vectors[-1]))
        )
        return Ritz(values, vectors, residuals, n_directions)

    def _coefficients(self):
        return torch.stack([*self._diagonal, *self._off_diagonal])

    def _continue_after(self, last):
        del self._diagonal[last + 1 :], self._off_diagonal[last + 1 :]
        self._off_diagonal[last] = torch.zeros_like(self._off_diagonal[last])
        self._n_exhausted = len(self)
        if not self.is_full:
            self._next = _random_orthogonal_row(torch.cat([self._excluded, self.basis]))


@dataclass(frozen=True)
class Ritz:
    """Ritz pairs of a Krylov space.

    Attributes
    ----------
    values : ndarray of shape (n_vectors,)
        Ritz values, largest first.
    vectors : ndarray of shape (n_vectors, n_vectors)
        Ritz vectors as columns, in coordinates of the basis.
    residuals : ndarray of shape (n_vectors,)
        Residual norms.
    n_directions : int
        Number of leading pairs that are wanted.
    """

    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray
    n_directions: int


def _rounding(coefficients):
    return 10 * torch.finfo(coefficients.dtype).eps * float(coefficients.abs().max())


def _append_row(rows, m, row):
    if m == len(rows):
        room = row.new_empty(m + ROOM, len(row))
        if m:
            room[:m] = rows
        rows = room
    rows[m] = row
    return rows


def random_row(rows: Tensor, seed: int) -> Tensor:
    """A standard normal row with the length, dtype and device of other rows."""
    generator = torch.Generator(device=rows.device).manual_seed(seed)
    return torch.randn(
        rows.shape[1], generator=generator, dtype=rows.dtype, device=rows.device
    )


def _random_orthogonal_row(basis):
    fresh = random_row(basis, len(basis))
    for _ in range(2):
        fresh = fresh - basis.T @ (basis @ fresh)
    return fresh / torch.linalg.vector_norm(fresh)
