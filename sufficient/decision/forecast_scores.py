"""Forecast of scores on more data, for any trainer."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from sufficient.decision.given_scores import GivenScores, checked_scores
from sufficient.decision.learning_curve import PRIOR, Prior, draw_curves
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.decision.score_noise import (
    correlation_between,
    gap_step,
    log_errors_of,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["forecast_given", "forecast_scores"]

# Doublings beyond the last size at which the curve is drawn; between them, lines.
AHEAD = np.r_[np.arange(0, 2, 0.25), np.arange(2, 4, 0.5), np.arange(4, 11)]
N_BEFORE = 8
# With fewer sizes the answer is mostly that of the prior.
FEWEST_SIZES = 3


def forecast_scores(
    n: ArrayLike,
    scores: ArrayLike,
    *,
    std_err: ArrayLike | None = None,
    n_held_out: int | None = None,
    train_scores: ArrayLike | None = None,
    seeds: ArrayLike | None = None,
    overlap: float = 1.0,
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
    n : array-like of shape (n_fits,)
        Training-set size of each fit, in any order. Several fits of one size are told
        apart by `seeds`.
    scores : array-like of shape (n_fits,) or (n_sizes, n_seeds)
        Score of each; larger is better, so a loss enters as a negative score. A fit
        whose score is not finite is left out. In a table, as scikit-learn's
        `learning_curve` returns it, `n` holds the sizes, a row each, and every column
        is a seed.
    std_err : float or array-like, optional
        Standard error of each score over the held-out samples: as long as `n`, or as
        `scores`.
    n_held_out : int, optional
        Number of held-out samples of each score, in place of `std_err`. Without either,
        scores count as nearly free of noise.
    train_scores : array-like, optional
        Scores on the training samples, as `scores`. The gap to them is evidence, unless
        the net interpolates.
    seeds : array-like of shape (n_fits,), optional
        Fits with the same label, a number or text, belong to one curve: their training
        sets contain each other. Two curves tell how much fits scatter. By default the
        k-th fit of each size belongs to the k-th curve.
    overlap : float, default=1
        Share of the held-out samples that two curves have in common: 1 where all are
        scored on one test set, 0 where every curve has its own, as the folds of a
        cross-validation.
    correlation : float or array-like of shape (n_fits, n_fits), optional
        Of the noise of the held-out samples between fits. By default that of nets which
        are scored on the same samples; a number is reduced by `overlap` between curves.
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
        If lengths differ, a size is missing, no score is finite, a score lies outside
        the range, a standard error is negative, a seed has two scores at one size, or a
        correlation or `overlap` is not one.

    Warns
    -----
    UserWarning
        If there are fewer than three sizes.

    Notes
    -----
    Only the last two and a half doublings count, or the last five sizes where these are
    more: earlier scores follow another law, and make the forecast worse. The prior is
    learnt on LCDB 1.1 (CC BY 4.0).

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
    twice the data add 0.018 (0.001 to 0.033)
    >>> print(f"{forecast.probability_of_gain_below(0.01):.2f}")
    0.26

    A row a size, a column a seed:

    >>> sufficient.forecast_scores(
    ...     [250, 500, 1000], [[0.76, 0.75], [0.79, 0.80], [0.83, 0.82]], n_held_out=500
    ... )
    ScoreForecast(n=1000, gain from twice the data 0.0218 [-0.00105, 0.0474])
    """
    given = checked_scores(
        n,
        scores,
        std_err=std_err,
        train_scores=train_scores,
        seeds=seeds,
        correlation=correlation,
        score_range=score_range,
    )
    if n_held_out is not None and not n_held_out >= 1:
        raise ValueError(f"n_held_out has to be at least 1, got {n_held_out!r}.")
    if not 0 <= overlap <= 1:
        raise ValueError(f"overlap is a share, from 0 to 1, got {overlap!r}.")
    if (n_sizes := int(given.places[-1]) + 1) < FEWEST_SIZES:
        warnings.warn(
            f"Scores at {n_sizes} training-set size{'s' * (n_sizes > 1)} tell little: "
            "the forecast is mostly what learning curves are like in general. Score at "
            f"{FEWEST_SIZES} sizes or more.",
            stacklevel=2,
        )
    return forecast_given(given, n_held_out, overlap, prior)


def forecast_given(
    given: GivenScores,
    n_held_out: int | None = None,
    overlap: float = 1.0,
    prior: Prior = PRIOR,
) -> ScoreForecast:
    """Forecast scores that have been checked; the parameters of `forecast_scores`."""
    given = given.recent()
    x = np.log2(given.n / given.n[-1])
    y, relative = log_errors_of(given, n_held_out)
    noise = np.outer(relative, relative) * correlation_between(x, given, overlap, prior)
    doublings = np.r_[np.linspace(min(x[0], -1), 0, N_BEFORE + 1)[:-1], AHEAD]
    curves = draw_curves(x, y, given.seeds, noise, gap_step(given), doublings, prior)
    outliers = np.unique(given.n[list(curves.outliers)]).tolist()
    last = float(given.n[-1])
    return ScoreForecast(last, given.score_range, doublings, curves, tuple(outliers))
