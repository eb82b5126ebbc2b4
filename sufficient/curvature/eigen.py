"""Algebraically largest eigenpairs by Lanczos, stopped by a certificate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import eigh_tridiagonal
from torch import Tensor

from sufficient.ranks import agreed
from sufficient.results import EigenResult

__all__ = [
    "KrylovSearch",
    "KrylovSpace",
    "Ritz",
    "lanczos",
    "random_like",
    "residual_norms",
    "ritz_error_bounds",
]


TIMES_HELD = 3
ROOM = 16


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
    operator : CurvatureOperator or Tensor
        Anything with ``@``.
    start : Tensor of shape (n_parameters,)
        Start vector; its device and dtype are those of the basis.
    max_vectors : int
        Largest dimension of the space.
    beside : Tensor of shape (n_rows, n_parameters) or None, default=None
        Orthonormal rows to which the space is kept orthogonal, the start included.
    """

    def __init__(
        self,
        operator,
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
    def is_spent(self) -> bool:
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
        found = values, vectors, last * np.abs(vectors[-1])
        return Ritz(*map(agreed, found), n_directions)

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


def lanczos(
    operator,
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
    operator : CurvatureOperator or Tensor
        Anything with ``@``.
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
        if search.is_spent or _time_to_check(search, n_directions):
            found = search.ritz(n_directions)
            # Gaps come from Ritz values: one that is just about to split looks fine.
            held = held + 1 if _certified(found, tol, start.dtype) else 0
            if search.is_spent or held == TIMES_HELD:
                break
    return _eigen_result(search, found, tol), _leading_space(search, found)


def _time_to_check(search, n_directions):
    # Elsewhere than on a CPU, looking means waiting.
    stride = max(1 if search.basis.device.type == "cpu" else 2, len(search) // 32)
    return len(search) > n_directions and len(search) % stride == 0


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


def _eigen_result(search, found, tol):
    d = found.n_directions
    theta = found.values[:d].copy()
    vectors, images = _combined(search, found, d)
    return EigenResult(
        eigenvalues=theta,
        eigenvectors=agreed(torch.linalg.qr(vectors.T)[0]),
        residuals=residual_norms(theta, vectors, images),
        n_products=search.n_products,
        converged=_certified(found, tol, vectors.dtype),
    )


def residual_norms(values: np.ndarray, vectors: Tensor, images: Tensor) -> np.ndarray:
    """Length of ``H v - theta v`` for rows v, and of what follows in their images."""
    n = vectors.shape[1]
    theta = torch.as_tensor(values.copy()).to(vectors)[:, None]
    inside = torch.linalg.vector_norm(images[:, :n] - theta * vectors, dim=1)
    outside = torch.linalg.vector_norm(images[:, n:], dim=1)
    return torch.hypot(inside, outside).cpu().double().numpy()


def _leading_space(search, found):
    """Keep three Ritz vectors for every eigenpair: the rest says little of the top."""
    kept = min(len(found.values), 3 * found.n_directions)
    return KrylovSpace(*_combined(search, found, kept), float(found.values[-1]))


def _combined(search, found, n_vectors):
    weights = torch.as_tensor(found.vectors[:, :n_vectors].T.copy()).to(search.basis)
    return weights @ search.basis, weights @ search.images
