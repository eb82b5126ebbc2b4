"""What is read off a forecast of scores: gains, targets, and what to label next."""

from __future__ import annotations

import warnings
from math import ceil

import numpy as np

from sufficient.decision.learning_curve import CurveDraws, between, standard_normal
from sufficient.decision.rounds import Costs, best_batch
from sufficient.decision.targets import (
    FORECAST_REACH,
    MOST_REACH,
    check_target,
    far_away,
    first_size,
    out_of_reach,
    target_sizes,
)
from sufficient.forecasting import ForecastMixin

__all__ = ["ScoreForecast"]

# The middle of the draws, and the ends of a 90 % interval.
SHARES = 0.05, 0.5, 0.95


class ScoreForecast(ForecastMixin):
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
    n, score_range, doublings
        As given; the first doubling is negative, the last belongs to 1,024 n.
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

    Examples
    --------
    >>> from sufficient import forecast_scores
    >>> sizes, accuracies = [250, 500, 1000], [0.76, 0.79, 0.83]
    >>> forecast = forecast_scores(sizes, accuracies, n_held_out=500)
    >>> bool(forecast.score_at(4000)[0] > forecast.score_at(1000)[0])
    True
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
        self.score_range, self._curves = score_range, curves
        draws = standard_normal(len(curves.scatter), 1, seed=1)[:, 0]
        self._luck = curves.scatter * draws

    def __repr__(self) -> str:
        expected, (low, high) = self.gain()
        gain = f"{expected:.3g} [{low:.3g}, {high:.3g}]"
        return f"ScoreForecast(n={self.n:g}, gain from twice the data {gain})"

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
            Median over the draws.
        interval : tuple of (float, float)
            Which holds the gain with a probability of 90 %.
        """
        return _summary(self.gains(factor))

    def gains(self, factor: float = 2) -> np.ndarray:
        """Gain of the score from more data, in each draw.

        Parameters
        ----------
        factor : float, default=2
            How many times the data.

        Returns
        -------
        ndarray of shape (n_draws,)

        Raises
        ------
        ValueError
            If the factor is not a positive number.
        """
        if not (np.isfinite(factor) and factor > 0):
            raise ValueError(f"factor has to be a positive number, got {factor!r}.")
        return self._typical_at(self.n * factor) - self._typical_at(self.n)

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
        return float(np.mean(self.gains(factor) < min_gain))

    def _forecast(self) -> ScoreForecast:
        return self

    def _score_at(self, n, one_fit=False):
        return _summary(self._one_fit_at(n) if one_fit else self._typical_at(n))

    def _gain_from(self, n_more):
        if n_more >= 0:
            return self.gain(1 + n_more / self.n)
        raise ValueError(f"n_more has to be zero or more, got {n_more!r}.")

    def _probability_of_reaching(self, target, n):
        check_target(target, self.score_range)
        return float((self._one_fit_at(n) >= target).mean())

    def _samples_for(self, target, assurance):
        check_target(target, self.score_range)
        if not 0 < assurance < 1:
            raise ValueError(f"assurance has to lie in (0, 1), got {assurance!r}.")
        sizes, reached = self._reached(target, self._one_fit_at)
        found = first_size(sizes, reached, assurance)
        if found is None:
            most = MOST_REACH * self.n
            there = (
                self._score_at(most, True),
                self._probability_of_reaching(target, most),
            )
            _warn(out_of_reach(target, assurance, most, *there))
            return None
        if found > FORECAST_REACH * self.n:
            _warn(far_away(found))
        return ceil(found)

    def _next_batch(
        self, target, cost_per_sample, cost_of_round, value_of_target, assurance
    ):
        check_target(target, self.score_range)
        if cost_of_round is None:
            cost_of_round = cost_per_sample * self.n / 10
        costs = Costs(cost_per_sample, cost_of_round, value_of_target)
        sizes, reached = self._reached(target, self._typical_at)
        ever = np.logical_or.accumulate(reached, axis=1)
        unreached = 1 - ever.mean(axis=0)
        unreached[unreached <= 1 - assurance] = 0
        return best_batch(sizes, unreached, self.n, costs)

    def _reached(self, target, scores_at):
        """Sizes, and whether each draw reaches the target there."""
        sizes = target_sizes(self.n * 2 ** self.doublings[0], self.n)
        return sizes, target <= np.array([scores_at(n) for n in sizes]).T

    def _one_fit_at(self, n):
        return self._scores(self._log_errors_at(n) + self._luck)

    def _typical_at(self, n):
        return self._scores(self._log_errors_at(n))

    def _log_errors_at(self, n):
        if not (np.isfinite(n) and n > 0):
            raise ValueError(f"n has to be a positive number of samples, got {n!r}.")
        return between(self._curves.log_errors, self.doublings, np.log2(n / self.n))

    def _scores(self, log_errors):
        bottom, top = self.score_range
        return np.clip(top - np.exp(log_errors), bottom, top)


def _summary(draws):
    low, middle, high = np.quantile(draws, SHARES).tolist()
    return middle, (low, high)


def _warn(sentence):
    """Warn where a public method was called: three frames up from here."""
    warnings.warn(sentence, stacklevel=4)
