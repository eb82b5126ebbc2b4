"""Forecast of scores on more data, for any trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sufficient.decision.given_scores import checked_scores
from sufficient.decision.learning_curve import (
    PRIOR,
    CurveDraws,
    Prior,
    draw_curves,
    standard_normal,
)
from sufficient.decision.score_noise import (
    correlation_between,
    gap_step,
    log_errors_of,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["ScoreForecast", "forecast_scores"]

COVERAGE = 0.9
# Doublings beyond the last size at which the curve is drawn; between them, lines.
AHEAD = np.r_[np.arange(0, 2, 0.25), np.arange(2, 4, 0.5), np.arange(4, 11)]
N_BEFORE = 8


class ScoreForecast:
    """Draws of the learning curve of a typical fit, and what is read off them.

    Made by `forecast_scores`. All answers are read off the same draws, so they agree
    with each other, and are the same at every call.

    Parameters
    ----------
    n : float
        The last size seen.
    score_range : tuple of (float, float)
        Worst and best score there can be.
    doublings : ndarray of shape (n_grid,)
        Where the curve is drawn, relative to `n`.
    curves : CurveDraws
        Draws from the posterior.
    outliers : tuple of float, default=()
        Sizes whose score fits no curve.

    Attributes
    ----------
    n : float
        The last size seen.
    doublings : ndarray of shape (n_grid,)
        Where the curve is drawn, from the first size seen (negative) to 1,024 n.
    draws : ndarray of shape (n_draws, n_grid)
        Scores of a typical fit at ``n * 2**doublings``.
    scatter : float
        Standard deviation between fits at n, relative to what the score lacks.
    deviation : float
        Standard deviation of what no power law describes, in the same unit.
    probability_late : float
        That the curve is a late learner's, which accelerates after a plateau.
    outliers : tuple of float
        Sizes whose score fits no curve and hardly counts.
    """

    def __init__(
        self,
        n: float,
        score_range: tuple[float, float],
        doublings: np.ndarray,
        curves: CurveDraws,
        outliers: tuple[float, ...] = (),
    ) -> None:
        self.n, self.doublings = float(n), doublings
        self.scatter = float(curves.scatter.mean())
        self.deviation = curves.deviation
        self.probability_late = curves.probability_late
        self.outliers = outliers
        self._range, self._curves = score_range, curves

    def __repr__(self) -> str:
        expected, (low, high) = self.gain()
        return (
            f"ScoreForecast(n={self.n:g}, gain from twice the data "
            f"{expected:.3g} [{low:.3g}, {high:.3g}])"
        )

    @property
    def draws(self) -> np.ndarray:
        """Scores of a typical fit at ``n * 2**doublings``."""
        return self._scores(self._curves.log_errors)

    def gain(self, factor: float = 2) -> tuple[float, tuple[float, float]]:
        """Expected gain of the score from more data.

        Parameters
        ----------
        factor : float, default=2
            How many times the data.

        Returns
        -------
        expected : float
            Mean over the draws.
        interval : tuple of (float, float)
            Which holds the gain with a probability of 90 %.
        """
        return _summary(self._gains(factor))

    def score_at(
        self, n: float, one_fit: bool = False
    ) -> tuple[float, tuple[float, float]]:
        """Expected score on n training samples.

        Parameters
        ----------
        n : float
            Training-set size; at most 1,024 times the last size is told apart.
        one_fit : bool, default=False
            Whether the interval is that of one more fit, whose scatter widens it,
            instead of a typical one.

        Returns
        -------
        expected : float
            Mean over the draws.
        interval : tuple of (float, float)
            Which holds the score with a probability of 90 %.
        """
        curves = self._curves
        luck = curves.scatter * standard_normal(len(curves.scatter), 1, seed=1)[:, 0]
        return _summary(self._scores(self._log_errors_at(n) + luck * one_fit))

    def probability_of_gain_below(self, min_gain: float, factor: float = 2) -> float:
        """Probability that more data add less than a gain that counts.

        Parameters
        ----------
        min_gain : float
            In score points: 0.01 is a percentage point of accuracy.
        factor : float, default=2
            How many times the data.

        Returns
        -------
        float
            Between 0 and 1.
        """
        return float(np.mean(self._gains(factor) < min_gain))

    def _gains(self, factor):
        if not (np.isfinite(factor) and factor > 0):
            raise ValueError(f"factor has to be a positive number, got {factor!r}.")
        now, later = (self._log_errors_at(self.n * f) for f in (1, factor))
        return self._scores(later) - self._scores(now)

    def _log_errors_at(self, n):
        if not (np.isfinite(n) and n > 0):
            raise ValueError(f"n has to be a positive number of samples, got {n!r}.")
        x, grid, drawn = np.log2(n / self.n), self.doublings, self._curves.log_errors
        i = np.clip(np.searchsorted(grid, x), 1, len(grid) - 1)
        share = np.clip((x - grid[i - 1]) / (grid[i] - grid[i - 1]), 0, 1)
        return (1 - share) * drawn[:, i - 1] + share * drawn[:, i]

    def _scores(self, log_errors):
        bottom, top = self._range
        return np.clip(top - np.exp(log_errors), bottom, top)


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
    twice the data add 0.016 (-0.002 to 0.036)
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


def _summary(draws):
    low, high = np.quantile(draws, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(draws.mean()), (float(low), float(high))
