"""Simulated users: what one run with few held-out samples shows of a curve.

The curves are means over many splits. To them is added what a user sees: scatter
between fits, and the noise of held-out samples that are the same at every size.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from scipy import stats

from .curves import DOUBLING, Curve

__all__ = [
    "LEAST_SIZE",
    "NETS",
    "TARGETS",
    "State",
    "held_out",
    "one_user",
    "scatter_of",
    "simulate",
]

NETS, NO_LEARNER = (
    ("MLP", "RealMLP", "LogisticRegression", "TabPFNv2"),
    "DummyClassifier",
)
# Doublings beyond the last size at which the truth is known.
TARGETS = np.array([0, 1, 2])
MOST_SIZES, LEAST_SIZE = 30, 256
# Places on the grid from one size seen to the next, and how often each is taken.
STEPS, ODDS = np.array([1, 2, 3, 4, 6, 8]), np.array([1, 2, 2, 2, 1, 1])
# Of LCDB 1.1: test samples per largest training size, splits, and share of the noise of
# test samples that differs between splits.
TESTED, N_SPLITS, BETWEEN_SPLITS = 0.105 / 0.81, 25, 0.6


@dataclass(frozen=True)
class State:
    """What a user has seen up to a size n, and how the curve goes on.

    `errors` are those on `n_held_out` samples, `truth` holds the mean errors at n, 2n
    and 4n (NaN where not known). `few`: only three to five sizes are seen. `near_end`:
    fewer than two doublings are left.
    """

    table: int
    learner: str
    n: np.ndarray
    errors: np.ndarray
    train_errors: np.ndarray
    n_held_out: int
    truth: np.ndarray = field(default_factory=partial(np.full, len(TARGETS), np.nan))
    few: bool = False
    near_end: bool = False


def simulate(
    curves: Iterable[Curve], per_net: int, share_few: float, seed: int
) -> list[State]:
    """Simulated users of every curve that is long enough.

    Parameters
    ----------
    curves : iterable of Curve
        Learning curves.
    per_net : int
        Users of each net and table; there is one of every other learner.
    share_few : float
        Share of users who see three to five sizes only.
    seed : int
        Seed of the random numbers.
    """
    return [
        state
        for curve in curves
        if curve.learner != NO_LEARNER
        for state in _users(curve, per_net, share_few, seed)
    ]


def _users(curve, per_net, share_few, seed):
    known = np.flatnonzero(np.isfinite(curve.errors))
    if len(known) <= 4 * DOUBLING:
        return
    rng = np.random.default_rng([seed, curve.table, curve.place_in_file])
    for _ in range(per_net if curve.learner in NETS else 1):
        few = rng.random() < share_few
        seen = _sizes_seen(curve, known, few, rng)
        if len(seen) >= 3 and np.isin([*seen, seen[-1] + DOUBLING], known).all():
            yield _state(curve, known[-1], seen, few, rng)


def _sizes_seen(curve, known, few, rng):
    """Places on the grid; none if the curve is too short."""
    first, most = known[0], known[-1] - DOUBLING
    least = first + (2 if few else 3) * DOUBLING
    least = max(least, np.searchsorted(curve.sizes, LEAST_SIZE))
    if most < least:
        return []
    last = rng.integers(least, most + 1)
    seen = _few(last, rng) if few else _many(last, last - first, rng)
    return seen[seen >= first]


def _few(last, rng):
    count = rng.integers(3, 6)
    return last - rng.choice([1, 2, 3, 4, 8]) * np.arange(count)[::-1]


def _many(last, most, rng):
    least = 3 * DOUBLING
    span = rng.integers(least, most + 1) if most > least else least
    fits = span // STEPS < MOST_SIZES
    step = rng.choice(STEPS[fits], p=ODDS[fits] / ODDS[fits].sum())
    return np.arange(last, last - span - 1, -step)[::-1]


def _state(curve, end, seen, few, rng):
    state = one_user(curve, seen, held_out(rng), rng)
    ahead = seen[-1] + DOUBLING * TARGETS
    truth = curve.errors[np.minimum(ahead, end)]
    return replace(
        state,
        truth=np.where(ahead <= end, truth, np.nan),
        few=bool(few),
        near_end=bool(ahead[2] > end),
    )


def held_out(rng: np.random.Generator) -> int:
    """Number of held-out samples of a user: about 1,000."""
    return int(np.exp(rng.normal(np.log(1000), 0.7)).clip(150, 10000))


def one_user(
    curve: Curve, seen: np.ndarray, n_held_out: int, rng: np.random.Generator
) -> State:
    """What one run shows at some places on the grid; the parameters of `one_run`."""
    return State(
        table=curve.table,
        learner=curve.learner,
        n=curve.sizes[seen],
        errors=one_run(curve, seen, n_held_out, rng),
        train_errors=curve.train_errors[seen],
        n_held_out=n_held_out,
    )


def one_run(
    curve: Curve, seen: np.ndarray, n_held_out: int, rng: np.random.Generator
) -> np.ndarray:
    """Errors of single fits, on held-out samples that are the same at every size.

    Parameters
    ----------
    curve : Curve
        Whose mean errors are the truth.
    seen : ndarray of shape (n_sizes,)
        Places on the grid.
    n_held_out : int
        Number of held-out samples.
    rng : Generator
        Of the scatter between fits and the noise of the samples.
    """
    x, mean = (seen - seen[-1]) / DOUBLING, curve.errors[seen]
    by_samples = _correlation(x, rng.uniform(0.55, 0.95), rng.uniform(4, 15))
    scatter = scatter_of(curve, seen)
    luck = scatter * _normal(_correlation(x, 0.5, 0.7), rng)
    errors = np.minimum(mean * np.exp(luck - scatter**2 / 2), 1)
    quantiles = stats.norm.cdf(_normal(by_samples, rng))
    return stats.binom.ppf(quantiles, n_held_out, errors) / n_held_out


def scatter_of(curve: Curve, places: np.ndarray) -> np.ndarray:
    """Standard deviation of log errors between fits, without that by test samples."""
    mean, total = curve.errors[places], N_SPLITS * curve.std_err[places] ** 2
    n_tested = TESTED * curve.sizes[np.isfinite(curve.errors)][-1]
    by_samples = BETWEEN_SPLITS * mean * (1 - mean) / n_tested
    variance = np.maximum(total - by_samples, 0.15 * total)
    return np.sqrt(np.log1p(variance / np.maximum(mean, 1e-9) ** 2))


def _correlation(x, shared, length):
    distance = np.abs(np.subtract.outer(x, x))
    return np.where(distance == 0, 1, shared * np.exp(-distance / length))


def _normal(correlation, rng):
    root = np.linalg.cholesky(correlation + 1e-9 * np.eye(len(correlation)))
    return root @ rng.standard_normal(len(correlation))
