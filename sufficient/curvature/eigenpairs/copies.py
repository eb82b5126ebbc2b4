"""Copies of an eigenvalue, which one start vector cannot tell apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from sufficient.curvature.eigenpairs.krylov import (
    KrylovSearch,
    KrylovSpace,
    Multiplies,
    random_like,
)
from sufficient.curvature.eigenpairs.lanczos import lanczos
from sufficient.ranks import agreed
from sufficient.results import EigenResult

__all__ = ["with_hidden_copies"]

CHANCE_OF_MISSING = 0.1
# A scout sees a subset of the samples, in which a copy may look smaller.
SHARE_IN_SAMPLE = 0.9
MOST_ROUNDS = 8
LEAST_SEARCH = 20
TINY = float(np.finfo(np.float32).tiny)


def with_hidden_copies(
    operator: Multiplies,
    pairs: EigenResult,
    space: KrylovSpace,
    *,
    tol: float,
    max_products: int,
    scout: Multiplies | None = None,
) -> tuple[EigenResult, KrylovSpace]:
    """Look for large eigenvalues outside the space searched, and take them in.

    A Krylov space meets every eigenspace in one direction only, so of a multiple
    eigenvalue it finds a single copy, and the next one lies outside. From a random
    start there, a few products show that there is none, or lead to it.

    Parameters
    ----------
    operator : Multiplies
        What was searched.
    pairs, space : EigenResult, KrylovSpace
        What was found.
    tol : float
        Largest relative error of each eigenvalue.
    max_products : int
        Products of one search at most.
    scout : Multiplies or None, default=None
        The same for a small subset of the samples, asked first whether a search may
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
            return pairs, space
        known = pairs.eigenvectors.T.contiguous()
        more, beside = lanczos(
            operator,
            min(len(known), known.shape[1] - len(known)),
            tol=tol,
            start=random_like(known, seed),
            max_products=max_products,
            beside=known,
        )
        pairs, space = _merged(pairs, space, more, beside)
    return replace(pairs, converged=False), space


def _rounding(pairs, dtype):
    return 10 * torch.finfo(dtype).eps * max(np.abs(pairs.eigenvalues).max(), TINY)


def _just_above(pairs, tol, dtype):
    least = pairs.eigenvalues[-1]
    return least + max(tol * abs(least), _rounding(pairs, dtype))


def _larger_outside(operator, pairs, space, bar, seed):
    """Whether an eigenvalue outside the space exceeds the bar, and products made."""
    n_outside = space.basis.shape[1] - len(space.basis)
    if not n_outside:
        return False, 0
    # In a spectrum without gaps certainty would cost more than the eigenpairs did.
    most = min(n_outside, max(LEAST_SEARCH, pairs.n_products))
    start = random_like(space.basis, seed)
    search = KrylovSearch(operator, start, most, beside=space.basis)
    while True:
        search.expand()
        values = search.ritz(1).values
        if values[0] > bar:
            return True, search.n_products
        lowest = min(
            values[-1], space.smallest_value, bar - _rounding(pairs, search.basis.dtype)
        )
        chance = _chance_of_missing(search, (bar - values[0]) / (bar - lowest))
        if search.is_exhausted or chance < CHANCE_OF_MISSING:
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
    order = np.argsort(-values, kind="stable")
    vectors = torch.cat([pairs.eigenvectors, more.eigenvectors], dim=1)
    leading = order[:d].copy()
    merged = EigenResult(
        eigenvalues=values[leading],
        eigenvectors=agreed(torch.linalg.qr(vectors[:, torch.as_tensor(leading)])[0]),
        residuals=np.concatenate([pairs.residuals, more.residuals])[leading],
        n_products=pairs.n_products + more.n_products,
        converged=pairs.converged and more.converged,
    )
    wider = KrylovSpace(
        basis=_in_order(space.basis[:d], beside.basis, order),
        images=_in_order(space.images[:d], beside.images, order),
        smallest_value=min(space.smallest_value, beside.smallest_value),
        n_hidden=space.n_hidden + int((leading >= d).sum()),
    )
    return merged, wider


def _in_order(first, beside, order):
    """Rows of Ritz vectors, as many as are ordered with the largest in front."""
    n_beside = len(order) - len(first)
    both = torch.cat([first, beside[:n_beside]])[torch.as_tensor(order.copy())]
    return torch.cat([both, beside[n_beside:]])
