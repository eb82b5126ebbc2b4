"""A Krylov space that grows by one product at a time, and its Ritz pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from scipy.linalg import eigh_tridiagonal
from torch import Tensor

from sufficient.ranks import agreed

__all__ = [
    "HasImages",
    "KrylovSearch",
    "KrylovSpace",
    "Multiplies",
    "Ritz",
    "random_like",
]

ROOM = 16


class Multiplies(Protocol):
    """A symmetric matrix, or what answers as one: anything with ``@``."""

    def __matmul__(self, vector: Tensor, /) -> Tensor: ...


class HasImages(Protocol):
    """The same for several vectors at once, rows of a tensor."""

    def images(self, rows: Tensor, /) -> Tensor:
        """Products with each, or wider rows that begin with them."""


@dataclass(frozen=True)
class KrylovSpace:
    """The leading part of the space that Lanczos searched, and its image.

    Attributes
    ----------
    basis : Tensor of shape (n_vectors, n_parameters)
        Orthonormal rows V.
    images : Tensor of shape (n_vectors, n_parameters) or wider
        ``V H``, and what follows it in the operator's answers.
    smallest_value : float
        Smallest Ritz value: the most negative curvature met.
    n_hidden : int
        Eigenpairs that the first search had missed.
    """

    basis: Tensor
    images: Tensor
    smallest_value: float
    n_hidden: int = 0


class KrylovSearch:
    """A Krylov space that grows by one product at a time.

    Every new vector is orthogonalised against all earlier ones, so that no copy of a
    found eigenvalue appears. An exhausted space is continued with a random direction.
    Before that, only one copy of a multiple eigenvalue is found. While the space grows,
    nothing is read from a device other than the CPU.

    Parameters
    ----------
    operator : Multiplies
        The matrix.
    start : Tensor of shape (n_parameters,)
        Start vector; its device and dtype are those of the basis.
    max_vectors : int
        Largest dimension of the space.
    beside : Tensor of shape (n_rows, n_parameters) or None, default=None
        Orthonormal rows to which the space is kept orthogonal, the start included.
    """

    def __init__(
        self,
        operator: Multiplies,
        start: Tensor,
        max_vectors: int,
        beside: Tensor | None = None,
    ) -> None:
        self.operator, self.size = operator, len(start)
        self.beside = start.new_empty(0, self.size) if beside is None else beside
        self.max_vectors = max_vectors
        self.limit = min(self.size - len(self.beside), max_vectors)
        start = start - self.beside.T @ (self.beside @ start)
        self._basis = start.new_empty(0, self.size)
        self._images = start.new_empty(0, 0)
        self._next = start / torch.linalg.vector_norm(start)
        self._diagonal: list[Tensor] = []
        self._off_diagonal: list[Tensor] = []
        self._n_exhausted = self.n_products = 0

    def __len__(self) -> int:
        return len(self._diagonal)

    @property
    def basis(self) -> Tensor:
        """Orthonormal rows."""
        return self._basis[: len(self)]

    @property
    def images(self) -> Tensor:
        """Their products with the operator."""
        return self._images[: len(self)]

    @property
    def is_full(self) -> bool:
        """Whether the largest dimension is reached."""
        return len(self) == self.limit

    @property
    def is_exhausted(self) -> bool:
        """Whether it is full, or as many products were made as it may have vectors."""
        return self.is_full or self.n_products >= self.max_vectors

    def expand(self) -> None:
        """Take in one more vector."""
        vector, m = agreed(self._next), len(self)
        image = self.operator @ vector
        self.n_products += 1
        self._basis = _with_row(self._basis, m, vector)
        self._images = _with_row(self._images, m, image)
        rest = image[: self.size]
        alpha = vector @ rest
        rest = rest - alpha * vector
        if m:
            rest -= self._off_diagonal[-1] * self._basis[m - 1]
        for known in (self.beside, self._basis[: m + 1]):
            rest -= known.T @ (known @ rest)
        alpha, beta = agreed(torch.stack([alpha, torch.linalg.vector_norm(rest)]))
        self._diagonal.append(alpha)
        self._off_diagonal.append(beta)
        # Off the CPU an exhausted space is noticed when the Ritz values are asked for.
        self._next = rest / beta.clamp_min(torch.finfo(rest.dtype).tiny)
        if beta.device.type == "cpu" and float(beta) <= self._rounding():
            self._continue_after(m)

    def ritz(self, n_directions: int) -> Ritz:
        """Ritz pairs of the space; it is cut back to where it was exhausted."""
        alphas, betas = (
            torch.stack(list_).cpu().double().numpy()
            for list_ in (self._diagonal, self._off_diagonal)
        )
        exhausted = np.flatnonzero(~(betas > self._rounding()))
        exhausted = exhausted[exhausted >= self._n_exhausted]
        if len(exhausted):
            self._continue_after(exhausted[0])
            alphas, betas = alphas[: len(self)], betas[: len(self)]
            betas[-1] = 0
        values, vectors = eigh_tridiagonal(alphas, betas[:-1])
        values, vectors = values[::-1], vectors[:, ::-1]
        last = 0.0 if len(self) == self.size - len(self.beside) else betas[-1]
        values, vectors, residuals = map(
            agreed, (values, vectors, last * np.abs(vectors[-1]))
        )
        return Ritz(values, vectors, residuals, n_directions)

    def _rounding(self):
        seen = torch.stack([*self._diagonal, *self._off_diagonal]).abs().max()
        return 10 * torch.finfo(seen.dtype).eps * float(seen)

    def _continue_after(self, last):
        del self._diagonal[last + 1 :], self._off_diagonal[last + 1 :]
        self._off_diagonal[last] = torch.zeros_like(self._off_diagonal[last])
        self._n_exhausted = len(self)
        if not self.is_full:
            self._next = _orthogonal_to(torch.cat([self.beside, self.basis]))


@dataclass(frozen=True)
class Ritz:
    """Ritz pairs of a Krylov space.

    Attributes
    ----------
    values : ndarray of shape (n_vectors,)
        Largest first.
    vectors : ndarray of shape (n_vectors, n_vectors)
        Columns, in coordinates of the basis.
    residuals : ndarray of shape (n_vectors,)
        Residual norms.
    n_directions : int
        How many of them are wanted.
    """

    values: np.ndarray
    vectors: np.ndarray
    residuals: np.ndarray
    n_directions: int


def _with_row(rows, m, row):
    if m == len(rows):
        room = row.new_empty(m + ROOM, len(row))
        if m:
            room[:m] = rows
        rows = room
    rows[m] = row
    return rows


def random_like(rows: Tensor, seed: int) -> Tensor:
    """A random row beside some others."""
    generator = torch.Generator(device=rows.device).manual_seed(seed)
    return torch.randn(
        rows.shape[1], generator=generator, dtype=rows.dtype, device=rows.device
    )


def _orthogonal_to(basis):
    fresh = random_like(basis, len(basis))
    for _ in range(2):
        fresh = fresh - basis.T @ (basis @ fresh)
    return fresh / torch.linalg.vector_norm(fresh)
