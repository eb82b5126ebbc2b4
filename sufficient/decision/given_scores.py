"""Scores as a user hands them in: checked, known ones only, ordered by size."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["SHARES", "GivenScores", "checked_scores"]

SHARES, PERCENT = (0.0, 1.0), (0.0, 100.0)
# What is forecast from: the last doublings, and so many sizes where they have fewer.
RECENT_DOUBLINGS, FEWEST_RECENT = 2.5, 5
# Of rounding, relative.
SLACK = 1e-9


@dataclass(frozen=True)
class GivenScores:
    """What is known of a learning curve, a row a fit.

    Attributes
    ----------
    n : ndarray of shape (n_fits,)
        Training-set sizes, smallest first.
    errors : ndarray of shape (n_fits,)
        What the scores lack to the best there can be.
    seeds : ndarray of shape (n_fits,), int
        Fits with the same number belong to one curve.
    std_err : ndarray of shape (n_fits,) or None
        Standard errors of the scores.
    train_errors : ndarray of shape (n_fits,) or None
        What the scores on the training samples lack.
    correlation : float or ndarray of shape (n_fits, n_fits) or None
        Of the noise between fits.
    score_range : tuple of (float, float)
        Worst and best score.
    """

    n: np.ndarray
    errors: np.ndarray
    seeds: np.ndarray
    std_err: np.ndarray | None
    train_errors: np.ndarray | None
    correlation: float | np.ndarray | None
    score_range: tuple[float, float]

    @property
    def places(self) -> np.ndarray:
        """Which of the sizes each fit has, counted from the smallest."""
        return np.unique(self.n, return_inverse=True)[1]

    def recent(self) -> GivenScores:
        """The scores of the last two and a half doublings, of five sizes at least.

        Earlier ones follow another law: without them the forecast is better.
        """
        sizes = np.unique(self.n)
        least = sizes[-FEWEST_RECENT:][0]
        first = min(least, self.n[-1] / 2**RECENT_DOUBLINGS * (1 - SLACK))
        return self._of(np.flatnonzero(self.n >= first))

    def _of(self, fits):
        arrays = {
            name: values[fits]
            for name in ("n", "errors", "seeds", "std_err", "train_errors")
            if (values := getattr(self, name)) is not None
        }
        correlation = self.correlation
        if isinstance(correlation, np.ndarray):
            correlation = correlation[np.ix_(fits, fits)]
        return replace(self, **arrays, correlation=correlation)


def checked_scores(
    n: ArrayLike,
    scores: ArrayLike,
    *,
    score_range: tuple[float, float],
    std_err: ArrayLike | None = None,
    train_scores: ArrayLike | None = None,
    seeds: ArrayLike | None = None,
    correlation: ArrayLike | None = None,
) -> GivenScores:
    """Check the arguments of `forecast_scores`.

    Parameters
    ----------
    n, scores, score_range, std_err, train_scores, seeds, correlation
        As the parameters of `forecast_scores`.

    Returns
    -------
    GivenScores

    Raises
    ------
    ValueError
        If any of them cannot be used.
    """
    bottom, top = _checked_range(score_range)
    n, scores = (np.asarray(v, dtype=float) for v in (n, scores))
    shape = scores.shape
    if n.shape != shape[: n.ndim] or n.ndim != 1 or scores.ndim > 2:
        raise ValueError(
            "n and scores have to be lists of the same length, or scores a table with "
            f"a row for each of n, got shapes {n.shape} and {shape}."
        )
    errors = _as_long_as(shape, std_err, "std_err")
    if errors is not None and np.any(errors < 0):
        raise ValueError("std_err has to be zero or more.")
    train = _as_long_as(shape, train_scores, "train_scores")
    n, numbers = np.repeat(n, scores[:1].size), _numbers_of(seeds, n, shape)
    scores = scores.reshape(-1)
    _check_values(n, scores, bottom, top)
    between = _checked_correlation(correlation, len(n))
    known = np.isfinite(scores)
    if errors is not None:
        known &= np.isfinite(errors)
    if not known.any():
        raise ValueError("A forecast needs at least one size with a finite score.")
    everything = GivenScores(
        n=n,
        errors=np.maximum(top - scores, 0),
        seeds=numbers,
        std_err=errors,
        train_errors=None if train is None else np.maximum(top - train, 0),
        correlation=between,
        score_range=(bottom, top),
    )
    order = np.flatnonzero(known)[np.argsort(n[known], kind="stable")]
    return everything._of(order)


def _checked_range(score_range):
    bottom, top = (float(end) for end in score_range)
    if not (np.isfinite(top) and bottom < top):
        raise ValueError(
            "score_range has to be (worst, best) with a finite best score, got "
            f"{score_range!r}. A loss enters as a negative score, with the range "
            "(-inf, 0)."
        )
    return bottom, top


def _check_values(n, scores, bottom, top):
    if not (np.isfinite(n) & (n > 0)).all():
        raise ValueError(
            "n has to be positive: training-set sizes in samples, none of them missing."
        )
    slack = SLACK * max(1.0, abs(top))
    outside = (scores < bottom - slack) | (scores > top + slack)
    if outside.any():
        raise ValueError(
            f"A score of {scores[outside][0]:g} lies outside score_range=({bottom:g}, "
            f"{top:g}). {_unit_of(scores, bottom, top)}"
        )
    if (bottom, top) == PERCENT and 0 < np.nanmax(scores, initial=0) <= 1:
        raise ValueError(
            "score_range is (0, 100), and no score is above 1: they look like shares. "
            "Leave score_range out, or multiply them by 100."
        )


def _unit_of(scores, bottom, top):
    """What scores outside of their range may be, and what to do about it."""
    low, high = np.nanmin(scores), np.nanmax(scores)
    if (bottom, top) == SHARES and low >= 0 and high <= 100:
        if ((scores > 0) & (scores <= 1)).any():
            return (
                "Some look like shares and some like percents: use one unit for all, "
                "and score_range=(0, 100) for percents."
            )
        return "They look like percents, which need score_range=(0, 100)."
    return (
        "Scores in percent need (0, 100), R^2 needs (-inf, 1), and a loss enters as a "
        "negative score with (-inf, 0). All have to be of one metric."
    )


def _numbers_of(seeds, n, shape):
    """The number of the curve to which each fit belongs."""
    if len(shape) == 2:
        if seeds is not None:
            raise ValueError(
                "In a table of scores every column is a seed: leave seeds out."
            )
        return np.tile(np.arange(shape[1]), shape[0])
    sizes = pd.Series(n)
    if seeds is None:
        # The k-th fit of each size is taken to belong to the k-th curve.
        return sizes.groupby(sizes).cumcount().to_numpy()
    seeds = np.asarray(seeds)
    if seeds.shape != n.shape:
        raise ValueError(f"seeds has to be as long as n, got shape {seeds.shape}.")
    numbers = np.unique(seeds, return_inverse=True)[1]
    twice = pd.DataFrame({"n": sizes, "seed": numbers}).duplicated().to_numpy()
    if twice.any():
        raise ValueError(
            f"Two scores have n={n[twice][0]:g} and the seed {seeds[twice][0]}. Give "
            "each fit of a size a seed of its own."
        )
    return numbers


def _as_long_as(shape, values, name):
    """Values for every fit, one after the other; None where none are given."""
    if values is None:
        return None
    values = np.asarray(values, dtype=float)
    if values.shape not in ((), shape[:1], shape):
        raise ValueError(f"{name} has to be as long as n, got shape {values.shape}.")
    if values.ndim < len(shape):
        values = values[..., None]
    return np.broadcast_to(values, shape).reshape(-1)


def _checked_correlation(correlation, size):
    if correlation is None:
        return None
    values = np.asarray(correlation, dtype=float)
    right = values.shape in ((), (size, size)) and np.isfinite(values).all()
    if not right or np.abs(values).max() > 1 + 1e-6:
        raise ValueError(
            "correlation has to be a number, or a matrix with a row and a column for "
            "each score, between -1 and 1."
        )
    return values if values.ndim else float(values)
