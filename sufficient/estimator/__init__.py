"""The question as a scikit-learn estimator."""

from sufficient.estimator.estimator import SampleSizeEstimator

__all__ = ["SampleSizeEstimator"]
