"""Search for copies of multiple eigenvalues, which one Krylov space cannot find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from sufficient.curvature.eigenpairs.krylov import (
    KrylovSearch,
    KrylovSpace,
    SymmetricOperator,
    random_row,
)
from sufficient.curvature.eigenpairs.lanczos import lanczos
from sufficient.ranks import broadcast
from sufficient.results import EigenResult

__all__ = ["with_hidden_copies"]

CHANCE_OF_MISSING = 0.1
# In a subset of the samples, an eigenvalue may be smaller than in all of them.
SUBSAMPLE_SHARE = 0.9
MAX_ROUNDS = 8
MIN_SEARCH = 20
TINY = float(np.finfo(np.float32).tiny)


def with_hidden_copies(
    operator: SymmetricOperator,
    pairs: EigenResult,
    space: KrylovSpace,
    *,
    tol: float,
    max_products: int,
    subsampled: SymmetricOperator | None = None,
) -> tuple[EigenResult, KrylovSpace]:
    """Search for large eigenvalues orthogonally to a Krylov space, and add them.

    A Krylov space contains only one direction of every eigenspace, so it finds a
    multiple eigenvalue only once. The other copies are orthogonal to it. A few products
    from a random orthogonal start vector show whether there are any; if so, a second
    search finds them.

    Parameters
    ----------
    operator : SymmetricOperator
        The matrix.
    pairs, space : EigenResult, KrylovSpace
        Result of the first search.
    tol : float
        Largest relative error of each eigenvalue.
    max_products : int
        Largest number of products in one search.
    subsampled : SymmetricOperator or None, default=None
        The matrix for a small subset of the samples. If it has no copies either, the
        search ends at once. Its products are not counted.

    Returns
    -------
    EigenResult, KrylovSpace
        `space.n_hidden` is the number of eigenpairs that the first search has missed.
    """
    if subsampled is not None:
        # Without copies among a few samples, none are expected among all of them.
        threshold = SUBSAMPLE_SHARE * pairs.eigenvalues[-1]
        if not _search_outside(subsampled, pairs, space, threshold, 0)[0]:
            return pairs, space
    for seed in range(MAX_ROUNDS):
        threshold = _threshold_above(pairs, tol, space.basis.dtype)
        exceeds, n_products = _search_outside(operator, pairs, space, threshold, seed)
        pairs = replace(pairs, n_products=pairs.n_products + n_products)
        if not exceeds:
            return pairs, space
        known = pairs.eigenvectors.T.contiguous()
        more, second = lanczos(
            operator,
            min(len(known), known.shape[1] - len(known)),
            tol=tol,
            start=random_row(known, seed),
            max_products=max_products,
            orthogonal_to=known,
        )
        pairs, space = _merged(pairs, space, more, second)
    return replace(pairs, converged=False), space


def _rounding(pairs, dtype):
    return 10 * torch.finfo(dtype).eps * max(np.abs(pairs.eigenvalues).max(), TINY)


def _threshold_above(pairs, tol, dtype):
    least = pairs.eigenvalues[-1]
    return least + max(tol * abs(least), _rounding(pairs, dtype))


def _search_outside(operator, pairs, space, threshold, seed):
    """Whether an eigenvalue outside the space exceeds the threshold, and the cost."""
    n_outside = space.basis.shape[1] - len(space.basis)
    if not n_outside:
        return False, 0
    # Without gaps in the spectrum, certainty would take more products than the first
    # search.
    most = min(n_outside, max(MIN_SEARCH, pairs.n_products))
    start = random_row(space.basis, seed)
    search = KrylovSearch(operator, start, most, orthogonal_to=space.basis)
    while True:
        search.expand()
        values = search.ritz(1).values
        if values[0] > threshold:
            return True, search.n_products
        lowest = min(
            values[-1],
            space.smallest_value,
            threshold - _rounding(pairs, search.basis.dtype),
        )
        chance = _chance_of_missing(
            search, (threshold - values[0]) / (threshold - lowest)
        )
        if search.is_exhausted or chance < CHANCE_OF_MISSING:
            return False, search.n_products


def _chance_of_missing(search, relative):
    """Bound on the probability that the largest eigenvalue is above the threshold.

    `relative` is the distance of the threshold from the largest Ritz value, as a share
    of its distance from the lower end of the spectrum. The bound is theorem 4.2 of
    J. Kuczynski and H. Wozniakowski, SIAM J. Matrix Anal. Appl. 13 (1992).
    """
    steps = 2 * len(search) - 1
    return 1.648 * np.sqrt(search.size) * np.exp(-np.sqrt(relative) * steps)


def _merged(pairs, space, more, second):
    d = len(pairs.eigenvalues)
    values = np.concatenate([pairs.eigenvalues, more.eigenvalues])
    order = np.argsort(-values, kind="stable")
    vectors = torch.cat([pairs.eigenvectors, more.eigenvectors], dim=1)
    leading = order[:d].copy()
    merged = EigenResult(
        eigenvalues=values[leading],
        eigenvectors=broadcast(
            torch.linalg.qr(vectors[:, torch.as_tensor(leading)])[0]
        ),
        residuals=np.concatenate([pairs.residuals, more.residuals])[leading],
        n_products=pairs.n_products + more.n_products,
        converged=pairs.converged and more.converged,
    )
    wider = KrylovSpace(
        basis=_in_order(space.basis[:d], second.basis, order),
        products=_in_order(space.products[:d], second.products, order),
        smallest_value=min(space.smallest_value, second.smallest_value),
        n_hidden=space.n_hidden + int((leading >= d).sum()),
    )
    return merged, wider


def _in_order(first, second, order):
    """Concatenate two sets of rows and sort those in `order`; the others follow."""
    n_second = len(order) - len(first)
    both = torch.cat([first, second[:n_second]])[torch.as_tensor(order.copy())]
    return torch.cat([both, second[n_second:]])
