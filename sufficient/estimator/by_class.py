"""What a fitted classifier says of each class."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sufficient.decision.class_budget import samples_by_class
from sufficient.decision.class_scores import ClassScores
from sufficient.results import Gain, SampleSizeCurve

__all__ = ["ByClassMixin"]


class ByClassMixin(BaseEstimator):
    """Ask which classes are short of data."""

    curve_: SampleSizeCurve

    @property
    def class_gains_(self) -> tuple[Gain, ...] | None:
        """What twice the data should add to each class; None for regression."""
        check_is_fitted(self)
        by_class: ClassScores | None = self.curve_.by_class
        return None if by_class is None else by_class.gains

    def label_next(self, n_samples: int) -> dict[Any, int]:
        """How many samples of each class to label next.

        They are shared out so that the sum of the recalls (or F1, with several labels
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
            If the estimator is not fitted.
        ValueError
            If it is a regressor, `n_samples` is not a whole number of at least 1, or no
            class has a forecast.

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
        return samples_by_class(self._classes(), n_samples)

    def _classes(self) -> ClassScores:
        check_is_fitted(self)
        by_class: ClassScores | None = self.curve_.by_class
        if by_class is None:
            raise ValueError(
                "label_next is about classes, but the targets are numbers, which have "
                "none. next_batch says how many samples to label in all."
            )
        if not by_class.has_forecast:
            raise ValueError(
                "There is no forecast of the scores: summary(detail=True) says why."
            )
        return by_class
