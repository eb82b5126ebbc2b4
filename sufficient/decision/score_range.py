"""The worst and the best that a score can be."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

import numpy as np

from sufficient.data.task import Task

__all__ = ["score_range_of"]

SHARES = 0.0, 1.0
UP_TO_ONE = -inf, 1.0
UP_TO_ZERO = -inf, 0.0
BELOW_ZERO = {"matthews_corrcoef", "explained_variance", "d2_absolute_error_score"}


def score_range_of(
    scoring: str | Callable | None, task: Task, scores: np.ndarray
) -> tuple[float, float]:
    """Range of a score by its name; of a function, the one that fits what it gave.

    Parameters
    ----------
    scoring : str, callable or None
        As the parameter of `SampleSizeEstimator`.
    task : Task
        What the score of None is of: accuracy or R^2.
    scores : ndarray of shape (n_sizes,)
        Scores seen.

    Returns
    -------
    tuple of (float, float)
        The worst may be minus infinity.
    """
    known = scores[np.isfinite(scores)]
    if scoring is None or isinstance(scoring, str):
        worst, best = _by_name(scoring, task)
        if worst <= known.min() and known.max() <= best:
            return worst, best
    if known.min() >= 0 and known.max() <= 1:
        return SHARES
    if known.max() <= 0:
        return UP_TO_ZERO
    if known.max() <= 1:
        return UP_TO_ONE
    # Nothing is known of the best, so it is well above what was seen.
    return -inf, float(known.max() + 3 * max(np.ptp(known), 1.0))


def _by_name(name, task):
    if name is None:
        return UP_TO_ONE if task.is_regression else SHARES
    if name.startswith("neg_"):
        return UP_TO_ZERO
    of_variance = name in BELOW_ZERO or name.startswith("r2") or name.startswith("d2")
    return UP_TO_ONE if of_variance else SHARES
