"""Scores as a user hands them in: checked, known ones only, ordered by size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["GivenScores", "checked_scores"]


@dataclass(frozen=True)
class GivenScores:
    """What is known of a learning curve.

    Attributes
    ----------
    n : ndarray of shape (n_sizes,)
        Training-set sizes, smallest first.
    errors : ndarray of shape (n_sizes,)
        What the scores lack to the best there can be.
    std_err : ndarray of shape (n_sizes,) or None
        Their standard errors.
    train_errors : ndarray of shape (n_sizes,) or None
        What the scores on the training samples lack.
    correlation : float or ndarray of shape (n_sizes, n_sizes) or None
        Of the noise between sizes.
    score_range : tuple of (float, float)
        Worst and best score.
    """

    n: np.ndarray
    errors: np.ndarray
    std_err: np.ndarray | None
    train_errors: np.ndarray | None
    correlation: float | np.ndarray | None
    score_range: tuple[float, float]


def checked_scores(
    n: ArrayLike,
    scores: ArrayLike,
    std_err: ArrayLike | None,
    train_scores: ArrayLike | None,
    correlation: ArrayLike | None,
    score_range: tuple[float, float],
) -> GivenScores:
    """Check the arguments of `forecast_scores`.

    Parameters
    ----------
    n, scores, std_err, train_scores, correlation, score_range
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
    sizes, known_scores = _checked_pairs(n, scores, bottom, top)
    errors = _as_long_as(sizes, std_err, "std_err", broadcasts=True)
    train = _as_long_as(sizes, train_scores, "train_scores")
    if errors is not None and np.any(errors < 0):
        raise ValueError("std_err has to be zero or more.")
    between = _checked_correlation(correlation, len(sizes))
    known = np.isfinite(sizes) & np.isfinite(known_scores)
    if errors is not None:
        known &= np.isfinite(errors)
    if not known.any():
        raise ValueError("A forecast needs at least one size with a finite score.")
    order = np.flatnonzero(known)[np.argsort(sizes[known], kind="stable")]
    if isinstance(between, np.ndarray):
        between = between[np.ix_(order, order)]
    return GivenScores(
        n=sizes[order],
        errors=np.maximum(top - known_scores[order], 0),
        std_err=None if errors is None else errors[order],
        train_errors=None if train is None else np.maximum(top - train[order], 0),
        correlation=between,
        score_range=(bottom, top),
    )


def _checked_range(score_range):
    bottom, top = (float(end) for end in score_range)
    if not (np.isfinite(top) and bottom < top):
        raise ValueError(
            "score_range has to be (worst, best) with a finite best score, got "
            f"{score_range!r}. A loss enters as a negative score, with the range "
            "(-inf, 0)."
        )
    return bottom, top


def _checked_pairs(n, scores, bottom, top):
    n, scores = (np.asarray(v, dtype=float) for v in (n, scores))
    if n.ndim != 1 or n.shape != scores.shape:
        raise ValueError(
            "n and scores have to be lists of the same length, got shapes "
            f"{n.shape} and {scores.shape}."
        )
    if np.any(n <= 0):
        raise ValueError("n has to be positive: training-set sizes in samples.")
    slack = 1e-9 * max(1.0, abs(top))
    outside = (scores < bottom - slack) | (scores > top + slack)
    if outside.any():
        raise ValueError(
            f"A score of {scores[outside][0]:g} lies outside score_range=({bottom:g}, "
            f"{top:g}). Scores in percent need (0, 100), R^2 needs (-inf, 1), and a "
            "loss enters as a negative score with (-inf, 0)."
        )
    return n, scores


def _as_long_as(n, values, name, broadcasts=False):
    if values is None:
        return None
    values = np.asarray(values, dtype=float)
    if values.shape != n.shape and not (broadcasts and values.ndim == 0):
        raise ValueError(f"{name} has to be as long as n, got shape {values.shape}.")
    return np.broadcast_to(values, n.shape)


def _checked_correlation(correlation, size):
    if correlation is None:
        return None
    values = np.asarray(correlation, dtype=float)
    right = values.shape in ((), (size, size)) and np.isfinite(values).all()
    if not right or np.abs(values).max() > 1 + 1e-6:
        raise ValueError(
            "correlation has to be a number or a matrix of shape (n_sizes, n_sizes), "
            "between -1 and 1."
        )
    return values if values.ndim else float(values)
