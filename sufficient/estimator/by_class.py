"""What a fitted estimator says of each class, or of each bin of a numeric target."""

from __future__ import annotations

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sufficient.decision.class_scores import ClassScores
from sufficient.forecasting import LabelNextMixin
from sufficient.results import Gain, SampleSizeCurve

__all__ = ["ByClassMixin"]


class ByClassMixin(LabelNextMixin, BaseEstimator):
    """Ask which classes are short of data, or which part of a target's range."""

    curve_: SampleSizeCurve

    @property
    def class_gains_(self) -> tuple[Gain, ...] | None:
        """What twice the data should add to each class; None for regression."""
        return self._gains(of_bins=False)

    @property
    def bin_gains_(self) -> tuple[Gain, ...] | None:
        """What twice the data should add to each bin of the target.

        None for classification, and for several targets.
        """
        return self._gains(of_bins=True)

    def _gains(self, of_bins: bool) -> tuple[Gain, ...] | None:
        check_is_fitted(self)
        by_class: ClassScores | None = self.curve_.by_class
        if by_class is None or self.curve_.task.is_regression is not of_bins:
            return None
        return by_class.gains

    def _by_class(self) -> ClassScores:
        check_is_fitted(self)
        return self.curve_._by_class()
