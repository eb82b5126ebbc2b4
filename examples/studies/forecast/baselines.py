"""Simple forecasts to compare with: gain of a doubling, and error at 4n.

POW3, POW4 and MMF4 are formulas that are fitted to the errors by least squares.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np
from scipy.optimize import least_squares

__all__ = ["BASELINES", "power_law_doublings"]

MOST_EVALUATIONS, MARGIN = 200, 1e-9
# Doublings at which the size for a target is looked for.
FAR = np.arange(1, 161) / 16


def no_gain(x: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """The last error stays."""
    return 0.0, float(errors[-1])


def half_the_last_doubling(x: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """Each doubling gains half of what the one before did."""
    if x[0] > -1:
        last = (errors[0] - errors[-1]) / -x[0]
    else:
        last = np.interp(-1, x, errors) - errors[-1]
    return float(last / 2), float(errors[-1] - 0.75 * last)


def fitted(form, x: np.ndarray, errors: np.ndarray) -> tuple[float, float]:
    """A formula, fitted from several starts; the last error if no fit succeeds.

    Parameters
    ----------
    form : callable
        Returns the curve, the starts, and the upper bounds and the lower bounds.
    x, errors : ndarray of shape (n_sizes,)
        Doublings relative to the last size, and errors.
    """
    curve = _best_fit(form, x, errors)
    if curve is None:
        return no_gain(x, errors)
    now, twice, four_times = curve(np.arange(3.0)).clip(0, 1)
    return float(now - twice), float(four_times)


def power_law_doublings(x: np.ndarray, errors: np.ndarray, error: float) -> float:
    """Doublings until POW3 comes down to an error; infinite where it never does."""
    curve = _best_fit(_power_law, x, errors)
    if curve is None:
        return np.inf
    return float(np.min(FAR[curve(FAR) <= error], initial=np.inf))


def _best_fit(form, x, errors):
    curve, starts, *bounds = form(x[0], errors[0], errors[-1])
    fits = [fit for start in starts for fit in _fits(curve, start, bounds, x, errors)]
    if not fits:
        return None
    return partial(curve, min(fits, key=lambda fit: fit.cost).x)


def _fits(curve, start, bounds, x, errors):
    lower, upper = map(np.array, bounds)
    start = np.clip(start, lower + MARGIN, upper - MARGIN)
    with suppress(ValueError), np.errstate(all="ignore"):
        yield least_squares(
            lambda parameters: curve(parameters, x) - errors,
            start,
            bounds=(lower, upper),
            x_scale=np.maximum(np.abs(start), 0.05),
            max_nfev=MOST_EVALUATIONS,
        )


def _power_law(first_x, first, last):
    def curve(parameters, x):
        rest, level, exponent = parameters
        return rest + level * 2 ** (-exponent * x)

    starts = np.array([[0.5, 0.5, 0.5], [0.1, 0.9, 0.3], [0.9, 0.1, 1]])
    return curve, starts * [last, last, 1], [0] * 3, [np.inf, np.inf, 1.5]


def _shifted_power_law(first_x, first, last):
    def curve(parameters, x):
        rest, level, exponent, shift = parameters
        return rest + level * (2**x + shift) ** -exponent

    starts = np.array([[0.5, 0.5, 0.5, 0.1], [0.1, 0.9, 0.3, 0.01], [0.5, 1, 1, 1]])
    return curve, starts * [last, last, 1, 1], [0] * 4, [np.inf, np.inf, 3, 50]


def _sigmoid(first_x, first, last):
    def curve(parameters, x):
        rest, start, middle, slope = parameters
        power = 2 ** np.clip(slope * (x - middle), -60, 60)
        return rest + (start - rest) / (1 + power)

    starts = [
        [0.5 * last, 1.2 * first, first_x, 0.7],
        [0.1 * last, first, -1, 1],
        [0.8 * last, 2 * first, first_x - 2, 0.5],
    ]
    return curve, starts, [0, 0, -20, 0.02], [np.inf, np.inf, 10, 5]


BASELINES: dict[str, Callable[[np.ndarray, np.ndarray], tuple[float, float]]] = {
    "no gain": no_gain,
    "half the last doubling": half_the_last_doubling,
    "POW3": partial(fitted, _power_law),
    "POW4": partial(fitted, _shifted_power_law),
    "MMF4": partial(fitted, _sigmoid),
}
