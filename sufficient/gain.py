r"""What more data should still add to the validation score, and the joint verdict.

The score follows a power law in the number n of training objects,

.. math:: s(n) = s_\infty - c \, n^{-\gamma}, \qquad
    s_\infty \le 1,\; c \ge 0,\; 0.01 \le \gamma \le 2,

fitted to the validation scores of the very nets whose landscape was measured.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy import stats
from scipy.optimize import OptimizeWarning, curve_fit

from sufficient.results import GainForecast

__all__ = ["VERDICTS", "forecast_gain", "join_verdict"]

VERDICTS = (
    "has not learnt",
    "not stable yet",
    "stable, still improving",
    "sufficient",
)
LEAST_SCORES = 4


def forecast_gain(
    n: np.ndarray,
    validation_scores: np.ndarray,
    train_scores: np.ndarray,
    coverage: float = 0.9,
    one_net: bool = False,
) -> GainForecast:
    """Forecast the gain in validation score from doubling the last training set.

    Parameters
    ----------
    n : ndarray of shape (n_sizes,)
        Training-set sizes in objects.
    validation_scores, train_scores : ndarray of shape (n_sizes,)
        Scores of the net at each size, larger is better.
    coverage : float, default=0.9
        Nominal coverage of the interval.
    one_net : bool, default=False
        Whether all scores are of the same net, trained on everything. They say nothing
        about more data then, and the forecast is not a number.

    Returns
    -------
    GainForecast
        With fewer than four sizes the interval is infinite.

    Examples
    --------
    >>> import numpy as np
    >>> n = np.array([100, 200, 400, 800, 1600])
    >>> scores = 0.9 - 2 / n
    >>> gain = forecast_gain(n, scores, scores)
    >>> round(gain.expected, 4), round(2 / 1600 - 2 / 3200, 4)
    (0.0006, 0.0006)
    """
    n = np.asarray(n, dtype=float)
    gap = float(train_scores[-1] - validation_scores[-1])
    if one_net:
        return GainForecast(np.nan, (-np.inf, np.inf), np.nan, gap)
    last_doubling = _last_doubling(n, validation_scores)
    expected, half_width = _power_law_gain(n, validation_scores, coverage)
    if not np.isfinite(half_width):
        expected = last_doubling
    return GainForecast(
        expected=float(expected),
        interval=(float(expected - half_width), float(expected + half_width)),
        last_doubling=float(last_doubling),
        generalization_gap=gap,
    )


def join_verdict(
    *, converged: bool, gain: GainForecast, min_gain: float, score_above_chance: float
) -> str:
    """Join landscape stability, expected gain and chance level to one answer.

    Parameters
    ----------
    converged : bool
        Whether Delta stays below the tolerance.
    gain : GainForecast
        What doubling the data should add.
    min_gain : float
        Gain, in score points, that is worth more data.
    score_above_chance : float
        Validation score less that of a constant answer and three standard errors.

    Returns
    -------
    str
        One of `VERDICTS`.
    """
    if not score_above_chance > 0:
        return VERDICTS[0]
    if not converged:
        return VERDICTS[1]
    return VERDICTS[3] if gain.cautious < min_gain else VERDICTS[2]


def _last_doubling(n, scores):
    if len(n) < 2:
        return 0.0
    half = np.interp(np.log(n[-1] / 2), np.log(n), scores)
    return scores[-1] - half


def _power_law(log_n, ceiling, scale, exponent):
    return ceiling - scale * np.exp(-exponent * log_n)


def _power_law_gain(n, scores, coverage):
    if len(n) < LEAST_SCORES:
        return 0.0, np.inf
    # In units of the last size, the scale is what is still missing there.
    x = np.log(n / n[-1])
    spread = max(np.ptp(scores), 1e-6)
    most = max(1.0, scores.max()) + 1e-9
    start = (min(scores[-1] + spread / 4, most), spread / 4, 0.5)
    bounds = ([-np.inf, 0, 0.01], [most, np.inf, 2])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)
            best, covariance = curve_fit(
                _power_law, x, scores, p0=start, bounds=bounds, maxfev=5000
            )
    except RuntimeError:
        return 0.0, np.inf
    missing, exponent = best[1], best[2]
    expected = missing * (1 - 2**-exponent)
    slope = np.array([0, 1 - 2**-exponent, missing * np.log(2) * 2**-exponent])
    variance = slope @ covariance @ slope
    reach = stats.t.ppf((1 + coverage) / 2, max(len(n) - 3, 1))
    return expected, reach * np.sqrt(max(variance, 0)) if np.isfinite(
        variance
    ) else np.inf
