"""Copies of an eigenvalue, which one start vector cannot tell apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from sufficient.curvature.eigen import KrylovSearch, KrylovSpace, lanczos
from sufficient.results import EigenResult

__all__ = ["with_hidden_copies"]

CHANCE_OF_MISSING = 0.1
# A scout sees a sample of the objects, in which a copy may look smaller.
SHARE_IN_SAMPLE = 0.9
MOST_ROUNDS = 8


class _Deflated:
    """The operator on what is orthogonal to orthonormal rows Q."""

    def __init__(self, operator, Q: Tensor) -> None:
        self.operator, self.Q = operator, Q

    def __matmul__(self, vector):
        image = self.operator @ self.outside(vector)
        n = len(vector)
        return torch.cat([self.outside(image[:n]), image[n:]])

    def outside(self, vector):
        return vector - (self.Q @ vector) @ self.Q

    def start(self, seed):
        Q = self.Q
        generator = torch.Generator(device=Q.device).manual_seed(seed)
        draw = torch.randn(
            Q.shape[1], generator=generator, dtype=Q.dtype, device=Q.device
        )
        return self.outside(draw)


def with_hidden_copies(
    operator,
    pairs: EigenResult,
    space: KrylovSpace,
    *,
    tol: float,
    max_products: int,
    scout=None,
) -> tuple[EigenResult, KrylovSpace]:
    """Look for large eigenvalues outside the space searched, and take them in.

    A Krylov space meets every eigenspace in one direction only, so of a multiple
    eigenvalue it finds a single copy, and the next one lies outside. From a random
    start there, a few products show that there is none, or lead to it.

    Parameters
    ----------
    operator : CurvatureOperator or Tensor
        What was searched.
    pairs, space : EigenResult, KrylovSpace
        What was found.
    tol : float
        Largest relative error of each eigenvalue.
    max_products : int
        Products of one search at most.
    scout : CurvatureOperator or None, default=None
        The same for a small sample of the objects, asked first whether a search may
        find anything. Its products are not counted.

    Returns
    -------
    EigenResult, KrylovSpace
        `space.n_hidden` counts the eigenpairs that the first search had missed.
    """
    if scout is not None:
        bar = SHARE_IN_SAMPLE * pairs.eigenvalues[-1]
        if not _larger_outside(scout, pairs, space, bar, 0)[0]:
            return pairs, space
    for seed in range(MOST_ROUNDS):
        bar = _just_above(pairs, tol, space.basis.dtype)
        there_is, n_products = _larger_outside(operator, pairs, space, bar, seed)
        pairs = replace(pairs, n_products=pairs.n_products + n_products)
        if not there_is:
            break
        deflated = _Deflated(operator, pairs.eigenvectors.T)
        search = {"start": deflated.start(seed), "max_products": max_products}
        more, beside = lanczos(deflated, len(pairs.eigenvalues), tol=tol, **search)
        pairs, space = _merged(pairs, space, more, beside)
    return pairs, space


def _just_above(pairs, tol, dtype):
    rounding = 10 * torch.finfo(dtype).eps * abs(pairs.eigenvalues[0])
    return pairs.eigenvalues[-1] + max(tol * abs(pairs.eigenvalues[-1]), rounding)


def _larger_outside(operator, pairs, space, bar, seed):
    """Whether an eigenvalue outside the space exceeds the bar, and products made."""
    n_outside = space.basis.shape[1] - len(space.basis)
    if not n_outside:
        return False, 0
    deflated = _Deflated(operator, space.basis)
    # In a spectrum without gaps certainty would cost more than the eigenpairs did.
    most = min(n_outside, max(8, pairs.n_products // 2))
    search = KrylovSearch(deflated, deflated.start(seed), most)
    while True:
        search.expand()
        values = search.ritz(1).values
        if values[0] > bar:
            return True, search.n_products
        lowest = min(values[-1], space.smallest_value)
        chance = _chance_of_missing(search, (bar - values[0]) / (bar - lowest))
        if search.is_full or chance < CHANCE_OF_MISSING:
            return False, search.n_products


def _chance_of_missing(search, relative):
    """Chance that the largest eigenvalue is further up, relative to the spectrum.

    J. Kuczynski and H. Wozniakowski, SIAM J. Matrix Anal. Appl. 13 (1992), theorem 4.2.
    """
    steps = 2 * len(search) - 1
    return 1.648 * np.sqrt(search.size) * np.exp(-np.sqrt(relative) * steps)


def _merged(pairs, space, more, beside):
    d = len(pairs.eigenvalues)
    values = np.concatenate([pairs.eigenvalues, more.eigenvalues])
    order = np.argsort(-values, kind="stable")[:d]
    vectors = torch.cat([pairs.eigenvectors, more.eigenvectors], dim=1)
    merged = EigenResult(
        eigenvalues=values[order],
        eigenvectors=torch.linalg.qr(vectors[:, torch.as_tensor(order)])[0],
        residuals=np.concatenate([pairs.residuals, more.residuals])[order],
        n_products=pairs.n_products + more.n_products,
        converged=pairs.converged and more.converged,
    )
    # The rows of a space are Ritz vectors in order, the first d of them eigenvectors.
    wider = KrylovSpace(
        basis=torch.cat([space.basis[:d], beside.basis]),
        images=torch.cat([space.images[:d], beside.images]),
        smallest_value=min(space.smallest_value, beside.smallest_value),
        n_hidden=space.n_hidden + int((order >= d).sum()),
    )
    return merged, wider
