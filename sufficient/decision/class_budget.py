"""How many samples of each class to label next."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from sufficient.decision.score_forecast import ScoreForecast
from sufficient.decision.targets import FORECAST_REACH

__all__ = ["best_split", "samples_by_class"]

# What counts as a gain where there is none, so that a budget can be spent.
LEAST_GAIN = 1e-9
N_BISECTIONS = 60


def samples_by_class(
    labels: Sequence[Any],
    forecasts: Sequence[ScoreForecast | None],
    n_train: np.ndarray,
    n_samples: int,
) -> dict[Any, int]:
    r"""Share out a number of samples to label by what each class should gain.

    Twice the samples of class c are taken to raise its score by :math:`g_c`, and each
    doubling up to four times by as much again, so that :math:`m_c` more samples beside
    :math:`n_c` have diminishing returns. In every draw of the forecasts the budget B is
    split in the best way,

    .. math:: \max_m \sum_c g_c \log_2 (1 + m_c / n_c), \quad
              \sum_c m_c = B, \quad 0 \le m_c \le 3 n_c,

    and the answer is the mean over the draws. So a class gets all only where it is
    clear that it gains most, and classes that cannot be told apart get about the same.

    Parameters
    ----------
    labels : sequence of length n_classes
        Of the classes.
    forecasts : sequence of ScoreForecast or None
        Of the score of each; None where no held-out sample has the class.
    n_train : ndarray of shape (n_classes,)
        Training samples of each.
    n_samples : int
        Samples to label, at least 1.

    Returns
    -------
    dict of label to int
        First the class for which one more sample is worth most. A class gets at most
        three times its samples at hand, as its forecast carries no further, and none
        where no gain is expected.

    Raises
    ------
    ValueError
        If `n_samples` is not a whole number of at least 1, or no class has a forecast.

    Warns
    -----
    UserWarning
        If no held-out sample has a class, so that nothing is known of it.
    """
    _check_whole(n_samples)
    known = [c for c, one in enumerate(forecasts) if one is not None]
    if not known:
        raise ValueError("No held-out sample has a class, so there is no forecast.")
    unknown = [labels[c] for c, one in enumerate(forecasts) if one is None]
    if unknown:
        warnings.warn(_without_forecast(unknown), stacklevel=4)
    # A class without training samples is treated as if it had one.
    n = np.maximum(n_train[known], 1)
    gains = _independent([one.gains() for one in forecasts if one is not None])
    taken = _rounded(_mean_split(gains, n, n_samples))
    first = np.argsort(-gains.mean(axis=0) / n, kind="stable")
    return {labels[known[i]]: int(taken[i]) for i in first} | dict.fromkeys(unknown, 0)


def _check_whole(n_samples):
    if not (n_samples >= 1 and n_samples % 1 == 0):
        raise ValueError(
            f"n_samples has to be a whole number of at least 1, got {n_samples!r}."
        )


def _independent(gains: list[np.ndarray]) -> np.ndarray:
    """A row a draw, a column a class.

    Forecasts are made of the same random numbers, so their draws are put in an order of
    their own: what is not known of one class says nothing of another.
    """
    rng = np.random.default_rng(0)
    return np.column_stack([rng.permutation(each) for each in gains])


def _mean_split(gains: np.ndarray, n: np.ndarray, budget: int) -> np.ndarray:
    most = (FORECAST_REACH - 1) * n * (gains.mean(axis=0) > 0)
    return best_split(gains, n, most, min(budget, most.sum())).mean(axis=0)


def best_split(
    gains: np.ndarray, n: np.ndarray, most: np.ndarray, budget: float
) -> np.ndarray:
    r"""Split a budget so that the sum of the scores grows most, in every draw.

    Where the price of a sample is :math:`\lambda`, a class takes
    :math:`g / \lambda - n` of them, within its limits. The price at which they add up
    to the budget is found by bisection of its logarithm.

    Parameters
    ----------
    gains : ndarray of shape (n_draws, n_classes)
        By a doubling of the samples of a class.
    n, most : ndarray of shape (n_classes,)
        Samples at hand, and how many there may be more.
    budget : float
        Not above the sum of `most`.

    Returns
    -------
    ndarray of shape (n_draws, n_classes)
    """
    log_gains = np.log(np.maximum(gains, LEAST_GAIN))

    def taken(log_price):
        return np.clip(np.exp(log_gains - log_price[:, None]) - n, 0, most)

    low = (log_gains - np.log(n + most)).min(axis=1)
    high = (log_gains - np.log(n)).max(axis=1)
    for _ in range(N_BISECTIONS):
        middle = (low + high) / 2
        is_cheap = taken(middle).sum(axis=1) > budget
        low, high = np.where(is_cheap, middle, low), np.where(is_cheap, high, middle)
    return taken(high)


def _rounded(shares: np.ndarray) -> np.ndarray:
    """Whole numbers of the same sum; the largest remainders are rounded up."""
    whole = np.floor(shares + 1e-6)
    left = round(float(shares.sum() - whole.sum()))
    whole[np.argsort(whole - shares, kind="stable")[:left]] += 1
    return whole


def _without_forecast(labels: list[Any]) -> str:
    named = ", ".join(map(str, labels[:5])) + (", ..." if len(labels) > 5 else "")
    return (
        f"Those with too few held-out samples ({named}) get none, as nothing is "
        "known of what more samples would add. Label a few of each, and ask again."
    )
