"""Answer whether a network has enough training data, and if not, how much more."""

from sufficient.curve import sample_size_curve
from sufficient.estimator import SampleSizeEstimator
from sufficient.nets import MLP, ConvNet

__all__ = ["MLP", "ConvNet", "SampleSizeEstimator", "sample_size_curve"]
