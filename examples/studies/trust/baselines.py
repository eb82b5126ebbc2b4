"""Simple forecasts of what doubling the data adds, from the same measured curve.

Every function takes the sizes, increasing, and the curve at each.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

__all__ = [
    "FALLS",
    "GAINS",
    "half_the_last_doubling",
    "last_doubling",
    "nothing",
    "power_law",
    "quarter_of_the_gap",
    "quarter_of_the_scaled_gap",
]

STARTS = (0.2, 0.7, 1.5)
STEEPEST = 2.0


def nothing(n: np.ndarray, values: np.ndarray) -> float:
    """No change."""
    return 0.0


def last_doubling(n: np.ndarray, values: np.ndarray) -> float:
    """The change from half the last size to the last."""
    half = np.interp(np.log(n[-1] / 2), np.log(n), values)
    return float(values[-1] - half)


def half_the_last_doubling(n: np.ndarray, values: np.ndarray) -> float:
    """Half of that."""
    return last_doubling(n, values) / 2


def power_law(n: np.ndarray, scores: np.ndarray) -> float:
    r"""Least squares of :math:`c + a n^{-b}` through 1 - score, with c <= 1, b <= 2."""
    return _fall_by_power_law(n, 1 - scores, highest=1.0)


def power_law_of_losses(n: np.ndarray, losses: np.ndarray) -> float:
    """The fall of the loss by the same law, whose limit is not bounded above."""
    return _fall_by_power_law(n, losses, highest=np.inf)


def half_the_last_fall(n: np.ndarray, losses: np.ndarray) -> float:
    """Half of what the loss fell from half the last size."""
    return -half_the_last_doubling(n, losses)


def quarter_of_the_gap(losses: np.ndarray, train_losses: np.ndarray) -> float:
    """A quarter of held-out minus training loss, averaged over the last three sizes."""
    return float(np.mean((losses - train_losses)[-3:]) / 4)


def quarter_of_the_scaled_gap(
    n: np.ndarray, losses: np.ndarray, train_losses: np.ndarray
) -> float:
    """The same with every gap scaled to the last size, as gaps fall with 1/n."""
    return float(np.mean((n * (losses - train_losses))[-3:]) / n[-1] / 4)


GAINS = {
    "bounded power law": power_law,
    "half the last doubling": half_the_last_doubling,
    "the last doubling": last_doubling,
    "no gain": nothing,
}
FALLS = {
    "power law": power_law_of_losses,
    "half the last doubling": half_the_last_fall,
    "no fall": nothing,
}


def _fall_by_power_law(n, errors, highest):
    known = np.isfinite(errors)
    x, errors = (n / n[-1])[known], errors[known]
    if len(x) < 3:
        return 0.0
    fits = [_fitted(x, errors, start, highest) for start in STARTS]
    law = min(fits, key=lambda one: ((_law(x, *one) - errors) ** 2).sum())
    return float(_law(1.0, *law) - _law(2.0, *law))


def _fitted(x, errors, start, highest):
    guess = np.clip(errors[-1] / 2, 0, highest), abs(errors[-1]) / 2 + 1e-6, start
    bounds = (0, 0, 0), (highest, np.inf, STEEPEST)
    return least_squares(
        lambda law: _law(x, *law) - errors, guess, bounds=bounds, max_nfev=10_000
    ).x


def _law(x, limit, scale, exponent):
    return limit + scale * x**-exponent
