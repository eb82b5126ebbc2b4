"""What a fitted estimator says of more data, in samples, scores and costs."""

from __future__ import annotations

from math import inf

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sufficient.decision.score_forecast import ScoreForecast

__all__ = ["ForecastMixin"]


class ForecastMixin(BaseEstimator):
    """Ask the forecast of the score, which a fit has made."""

    score_forecast_: ScoreForecast | None

    def samples_for(self, target: float, assurance: float = 0.8) -> int | None:
        """Training samples with which the score reaches a target.

        Parameters
        ----------
        target : float
            Score to reach, in the unit of `score`: 0.95 is an accuracy of 95 %.
        assurance : float, default=0.8
            Probability with which it is reached.

        Returns
        -------
        int or None
            None, with a warning that says why, where 16 times the data do not reach it.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If there is no forecast, or the target lies outside the range of the score.
        """
        return self._forecast().samples_for(target, assurance)

    def score_at(self, n: float) -> tuple[float, tuple[float, float]]:
        """Expected score of a typical fit on n training samples.

        Parameters
        ----------
        n : float
            Training-set size.

        Returns
        -------
        expected : float
            The middle of what is likely.
        interval : tuple of (float, float)
            Which holds it with a probability of 90 %.
        """
        return self._forecast().score_at(n)

    def gain_from(self, n_more: float) -> tuple[float, tuple[float, float]]:
        """Expected gain of the score from so many more training samples.

        Parameters
        ----------
        n_more : float
            Zero or more.

        Returns
        -------
        expected : float
            The middle of what is likely.
        interval : tuple of (float, float)
            Which holds it with a probability of 90 %.
        """
        return self._forecast().gain_from(n_more)

    def next_batch(
        self,
        target: float,
        *,
        cost_per_sample: float = 1.0,
        cost_of_round: float | None = None,
        value_of_target: float = inf,
        assurance: float = 0.8,
    ) -> int:
        """Training samples to label now, before asking again.

        Parameters
        ----------
        target : float
            Score to reach.
        cost_per_sample : float, default=1
            Of one label.
        cost_of_round : float or None, default=None
            Of asking once more, in the same unit. None takes a tenth of what the
            samples at hand cost.
        value_of_target : float, default=inf
            What reaching it is worth. Where it is finite, 0 samples may be best.
        assurance : float, default=0.8
            Probability from which on the target counts as reached.

        Returns
        -------
        int
            At most three times the samples at hand.
        """
        return self._forecast().next_batch(
            target,
            cost_per_sample=cost_per_sample,
            cost_of_round=cost_of_round,
            value_of_target=value_of_target,
            assurance=assurance,
        )

    def _forecast(self) -> ScoreForecast:
        check_is_fitted(self)
        if self.score_forecast_ is None:
            raise ValueError(
                "There is no forecast of the score: summary(detail=True) says why."
            )
        return self.score_forecast_
