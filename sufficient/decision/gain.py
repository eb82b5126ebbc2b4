r"""What more data should still add to the validation score.

Near the last size N the score of the very nets whose landscape was measured follows a
power law,

.. math:: s(n) = s(N) - c \, \bigl((n / N)^{-\gamma} - 1\bigr),
    \qquad \gamma \sim N(0.3, 0.2^2),

in which doubling the data adds :math:`e = c \, (1 - 2^{-\gamma})`. A second witness is
the gap between training and validation score, part of which more data closes. The
forecast is 0.65 e + 0.04 gap.
"""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.optimize import least_squares

from sufficient.results import GainForecast

__all__ = ["forecast_gain"]

LEAST_SCORES = 4
COVERAGE = 0.9
# Chosen on fifteen pairs of data and net, and checked on others, as told in
# docs/explanation/trust.md.
PRIOR_EXPONENT, PRIOR_EXPONENT_SD = 0.3, 0.2
# Where the search starts a second time, in case the score falls.
FALLING_EXPONENT = -0.2
RECENT = 0.3
POWER_LAW_SHARE, GAP_SHARE, GAP_SIZES = 0.65, 0.04, 3
RELATIVE_ERROR, NOISE_ERROR = 0.3, 0.6
# Scores of two nets on the same samples differ by less than their standard errors say.
UNPAIRED, UNPAIRED_WEIGHT = 0.35, 4


def forecast_gain(
    n: np.ndarray,
    validation_scores: np.ndarray,
    train_scores: np.ndarray,
    score_std_err: np.ndarray,
    one_net: bool = False,
) -> GainForecast:
    """Forecast the gain in validation score from doubling the last training set.

    Parameters
    ----------
    n : ndarray of shape (n_sizes,)
        Training-set sizes in samples.
    validation_scores, train_scores : ndarray of shape (n_sizes,)
        Scores of the net at each size, larger is better.
    score_std_err : ndarray of shape (n_sizes,)
        Standard error of each validation score over held-out samples. A small
        validation set makes it large, and the interval wide.
    one_net : bool, default=False
        Whether all scores are of the same net, trained on everything. They say nothing
        about more data then, and the forecast is not a number.

    Returns
    -------
    GainForecast
        With fewer than four sizes the interval is infinite; where the last score is not
        a number, neither is the forecast.

    Examples
    --------
    >>> import numpy as np
    >>> n = np.array([100, 200, 400, 800, 1600])
    >>> scores = 0.9 - 2 * n**-0.5
    >>> gain = forecast_gain(n, scores, scores + n**-0.5, np.full(5, 0.005))
    >>> round(gain.expected, 3), round(2 * (1600**-0.5 - 3200**-0.5), 3)
    (0.012, 0.015)
    """
    n, scores = np.asarray(n, dtype=float), np.asarray(validation_scores)
    gaps, errors = np.asarray(train_scores) - scores, np.asarray(score_std_err)
    if one_net or not np.isfinite([gaps[-1], errors[-1]]).all():
        return GainForecast(np.nan, (-np.inf, np.inf), np.nan, float(gaps[-1]), np.inf)
    known = np.isfinite(gaps) & np.isfinite(errors)
    return _forecast(n[known], scores[known], gaps[known], errors[known])


def _forecast(n, validation_scores, gaps, score_std_err):
    last_doubling = _last_doubling(n, validation_scores)
    expected, std_err = last_doubling, np.inf
    if len(n) >= LEAST_SCORES:
        growth, growth_std_err = _power_law_gain(n, validation_scores, score_std_err)
        expected = POWER_LAW_SHARE * growth + GAP_SHARE * gaps[-GAP_SIZES:].mean()
        errors = POWER_LAW_SHARE * growth_std_err, RELATIVE_ERROR * expected
        std_err = float(np.linalg.norm([*errors, NOISE_ERROR * score_std_err[-1]]))
    reach = stats.norm.ppf((1 + COVERAGE) / 2) * std_err
    return GainForecast(
        expected=float(expected),
        interval=(float(expected - reach), float(expected + reach)),
        last_doubling=float(last_doubling),
        generalization_gap=float(gaps[-1]),
        std_err=float(std_err),
    )


def _last_doubling(n, scores):
    if len(n) < 2:
        return 0.0
    half = np.interp(np.log(n[-1] / 2), np.log(n), scores)
    return scores[-1] - half


def _power_law_gain(n, scores, score_std_err):
    """Most probable e, and its standard error."""
    x = np.log(n / n[-1])
    weights = np.exp(RECENT * x) / _scatter(scores, score_std_err)

    def residuals(parameters):
        last, log_scale, exponent = parameters
        missing = np.exp(log_scale) * np.expm1(-exponent * x)
        prior = (exponent - PRIOR_EXPONENT) / PRIOR_EXPONENT_SD
        return np.append(weights * (scores - last + missing), prior)

    scale = max(np.ptp(scores), score_std_err[-1], 1e-6)
    bounds = [-np.inf, np.log(scale) - 12, -1], [np.inf, np.log(scale) + 5, 2]
    starts = (
        (scores[-1], np.log(scale / 4), exponent)
        for exponent in (PRIOR_EXPONENT, FALLING_EXPONENT)
    )
    fits = (least_squares(residuals, start, bounds=bounds) for start in starts)
    best = min(fits, key=lambda fit: fit.cost)
    missing, exponent = np.exp(best.x[1]), best.x[2]
    gain = missing * -np.expm1(-exponent * np.log(2))
    slope = np.array([0, gain, missing * np.log(2) * 2**-exponent])
    variance = slope @ np.linalg.pinv(best.jac.T @ best.jac) @ slope
    return gain, np.sqrt(variance)


def _scatter(scores, score_std_err):
    """Noise of every score: what a parabola leaves of four in a row."""
    expected = UNPAIRED * score_std_err**2
    bends = np.diff(scores, 3) ** 2 / 20
    variance = (bends.sum() + UNPAIRED_WEIGHT * expected[-1]) / (
        len(bends) + UNPAIRED_WEIGHT
    )
    return np.sqrt(np.maximum(variance, np.maximum(expected, 1e-12)))
