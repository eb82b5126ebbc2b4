"""Forecast of scores on more data, for any trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sufficient.decision.given_scores import checked_scores
from sufficient.decision.learning_curve import PRIOR, Prior, draw_curves
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.decision.score_noise import (
    correlation_between,
    gap_step,
    log_errors_of,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["forecast_scores"]

# Doublings beyond the last size at which the curve is drawn; between them, lines.
AHEAD = np.r_[np.arange(0, 2, 0.25), np.arange(2, 4, 0.5), np.arange(4, 11)]
N_BEFORE = 8


def forecast_scores(
    n: ArrayLike,
    scores: ArrayLike,
    *,
    std_err: ArrayLike | None = None,
    n_held_out: int | None = None,
    train_scores: ArrayLike | None = None,
    correlation: ArrayLike | None = None,
    score_range: tuple[float, float] = (0, 1),
    prior: Prior = PRIOR,
) -> ScoreForecast:
    r"""Forecast the scores of any trainer on more data.

    Bayesian model with learnt hyperparameters: what a typical fit lacks to the best
    score is a power law of n, of which a share may stay for ever and which may follow a
    plateau, times a Gaussian process for what no such law describes. See
    :mod:`sufficient.decision.learning_curve` for the formula.

    Parameters
    ----------
    n : array-like of shape (n_sizes,)
        Training-set sizes, in any order. One is enough, but then the answer is the
        prior's.
    scores : array-like of shape (n_sizes,)
        Score at each; larger is better, so a loss enters as a negative score. A size
        whose score is not finite is left out.
    std_err : float or array-like of shape (n_sizes,), optional
        Standard error of each score over the held-out samples.
    n_held_out : int, optional
        Number of held-out samples, in place of `std_err`. Without either, scores count
        as nearly free of noise.
    train_scores : array-like of shape (n_sizes,), optional
        Scores on the training samples. The gap to them is evidence, unless the net
        interpolates.
    correlation : float or array-like of shape (n_sizes, n_sizes), optional
        Of the noise of the held-out samples between sizes. By default that of nets
        which are all scored on the same samples.
    score_range : tuple of (float, float), default=(0, 1)
        Worst and best score there can be. The worst may be ``-inf``: R^2 has
        ``(-inf, 1)``, a negative loss ``(-inf, 0)``.
    prior : Prior, optional
        What curves look like; learnt on public learning curves by default.

    Returns
    -------
    ScoreForecast
        Gain, scores at other sizes, and probabilities.

    Raises
    ------
    ValueError
        If lengths differ, no score is finite, a score lies outside the range, a
        standard error is negative, or a correlation is not one.

    Notes
    -----
    The prior is learnt on LCDB 1.1 (CC BY 4.0) and LCDB 1.0 (MIT), and on nets of this
    project.

    Examples
    --------
    Scores of a trainer of your own, on 1,000 held-out samples:

    >>> import sufficient
    >>> forecast = sufficient.forecast_scores(
    ...     [125, 250, 500, 1000, 2000],
    ...     [0.70, 0.76, 0.80, 0.83, 0.85],
    ...     n_held_out=1000,
    ... )
    >>> expected, (low, high) = forecast.gain()
    >>> print(f"twice the data add {expected:.3f} ({low:.3f} to {high:.3f})")
    twice the data add 0.017 (-0.002 to 0.036)
    >>> print(f"{forecast.probability_of_gain_below(0.01):.2f}")
    0.29
    """
    given = checked_scores(n, scores, std_err, train_scores, correlation, score_range)
    if n_held_out is not None and not n_held_out >= 1:
        raise ValueError(f"n_held_out has to be at least 1, got {n_held_out!r}.")
    x = np.log2(given.n / given.n[-1])
    worst, best = given.score_range
    y, relative = log_errors_of(given.errors, given.std_err, n_held_out, best - worst)
    between = correlation_between(x, given.correlation, prior)
    step = gap_step(given.train_errors, given.errors)
    doublings = np.r_[np.linspace(min(x[0], -1), 0, N_BEFORE + 1)[:-1], AHEAD]
    noise = np.outer(relative, relative) * between
    curves = draw_curves(x, y, noise, step, doublings, prior)
    outliers = tuple(float(given.n[i]) for i in curves.outliers)
    return ScoreForecast(given.n[-1], (worst, best), doublings, curves, outliers)
