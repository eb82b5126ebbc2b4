"""Questions about the score on more data, for all that holds a forecast of it."""

from __future__ import annotations

from math import inf
from typing import Any

__all__ = ["ForecastMixin", "LabelNextMixin"]


class ForecastMixin:
    """Ask a forecast how many samples a target takes, and what more of them add."""

    score_forecast: Any  # a `ScoreForecast` or None; this module is below its stage

    def _forecast(self) -> Any:
        if self.score_forecast is None:
            raise ValueError(
                "There is no forecast of the score: summary(detail=True) of a fitted "
                "estimator says why."
            )
        return self.score_forecast

    def samples_for(self, target: float, assurance: float = 0.8) -> int | None:
        """Training samples with which one fit reaches a target score.

        Parameters
        ----------
        target : float
            Inside the range of the score, in its unit: 0.95 is an accuracy of 95 %.
        assurance : float, default=0.8
            Probability with which it is reached. It accounts for what is not known of
            the curve and for the scatter between fits.

        Returns
        -------
        int or None
            May lie below the samples at hand, but not below the first size that counts
            (a sixth of them, or the fifth last size). None, with a warning that says
            why, where 16 times the data do not reach the target.

        Raises
        ------
        ValueError
            If there is no forecast, the target lies outside the range of the score, or
            the assurance not between 0 and 1.

        Warns
        -----
        UserWarning
            If the answer is None, or beyond four times the data and so only an order
            of magnitude.
        """
        return self._forecast()._samples_for(target, assurance)

    def probability_of_reaching(self, target: float, n: float) -> float:
        """Probability that one fit on n samples reaches a target score.

        Parameters
        ----------
        target : float
            Inside the range of the score.
        n : float
            Training-set size.

        Returns
        -------
        float
            Between 0 and 1.

        Raises
        ------
        ValueError
            If there is no forecast, the target lies outside the range of the score, or
            n is not positive.
        """
        return self._forecast()._probability_of_reaching(target, n)

    def score_at(
        self, n: float, one_fit: bool = False
    ) -> tuple[float, tuple[float, float]]:
        """Expected score on n training samples.

        Parameters
        ----------
        n : float
            Training-set size. Told apart are sizes from the first one that counts (see
            `samples_for`) to 1,024 times the last.
        one_fit : bool, default=False
            Whether the interval is that of one more fit, whose scatter widens it,
            instead of a typical one.

        Returns
        -------
        expected : float
            Median over the draws.
        interval : tuple of (float, float)
            Which holds the score with a probability of 90 %.

        Raises
        ------
        ValueError
            If there is no forecast, or n is not positive.
        """
        return self._forecast()._score_at(n, one_fit)

    def gain_from(self, n_more: float) -> tuple[float, tuple[float, float]]:
        """Expected gain of the score from so many more training samples.

        Parameters
        ----------
        n_more : float
            Samples to add to the last size; zero or more.

        Returns
        -------
        expected : float
            Median over the draws.
        interval : tuple of (float, float)
            Which holds the gain with a probability of 90 %.

        Raises
        ------
        ValueError
            If there is no forecast, or `n_more` is negative.
        """
        return self._forecast()._gain_from(n_more)

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

        The batch of least expected cost: too small a batch costs one more round, too
        large a one costs labels that were not needed.

        Parameters
        ----------
        target : float
            Score to reach, inside the range of the score.
        cost_per_sample : float, default=1
            Of one label.
        cost_of_round : float or None, default=None
            Of asking once more, in the same unit. None takes a tenth of what the
            samples at hand cost.
        value_of_target : float, default=inf
            What reaching it is worth. Where it is finite, 0 samples may be best.
        assurance : float, default=0.8
            Probability from which on a typical fit counts as reaching the target.

        Returns
        -------
        int
            At most three times the samples at hand; 0 where the target is reached or
            not worth its cost.

        Raises
        ------
        ValueError
            If there is no forecast, the target lies outside the range of the score, or
            a cost is negative.
        """
        return self._forecast()._next_batch(
            target, cost_per_sample, cost_of_round, value_of_target, assurance
        )


class LabelNextMixin:
    """Ask scores of classes how many samples of each to label next."""

    by_class: Any  # a `ClassScores` or None; this module is below its stage

    def _by_class(self) -> Any:
        if self.by_class is None:
            raise ValueError(
                "label_next is about classes, or bins of one numeric target, but these "
                "are several targets. next_batch says how many samples to label in all."
            )
        return self.by_class

    def label_next(self, n_samples: int) -> dict[Any, int]:
        """How many samples of each class to label next.

        They are shared out so that the sum of the recalls (of F1, with several labels
        per sample) should grow most. So it is the balanced accuracy that should grow,
        in which rare classes count as much as frequent ones. The answer is the mean of
        the best splits over the draws of the forecasts: classes whose gains cannot be
        told apart get about the same.

        Parameters
        ----------
        n_samples : int
            Samples that can be labelled.

        Returns
        -------
        dict of label to int
            All classes; first the one for which one more sample is worth most. The sum
            is less than `n_samples` where more is beyond the forecasts, which carry a
            class to four times its training samples, or no gain is expected.

        Raises
        ------
        NotFittedError
            If it is an estimator that is not fitted.
        ValueError
            If there are several numeric targets, `n_samples` is not a whole number of
            at least 1, or no class has a forecast.

        Warns
        -----
        UserWarning
            If no held-out sample has a class; it gets none, as nothing is known of it.

        Notes
        -----
        The score of a class is taken to depend on the number of its own training
        samples, as it did while all classes grew together. In truth samples of other
        classes matter, too: they teach what classes have in common, and may attract
        samples of this one. So label in rounds, and ask again after each.

        With one numeric target the bins of `bin_edges_` stand for the classes, by the
        names of their intervals. That helps only where samples can be chosen by their
        target before it is measured: by design of an experiment, or roughly by what
        the net predicts.

        Examples
        --------
        >>> from sufficient import SampleSizeEstimator
        >>> from sufficient.datasets import load_digits_images
        >>> X, y = load_digits_images(n_samples=400)
        >>> est = SampleSizeEstimator(random_state=0).fit(X, y)
        >>> plan = est.label_next(50)
        >>> sum(plan.values()), sorted(plan) == est.classes_.tolist()
        (50, True)
        """
        return self._by_class().label_next(n_samples)
