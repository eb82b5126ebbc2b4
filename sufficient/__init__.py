"""Answer whether a network has enough training data, and if not, how much more."""

from sufficient._version import __version__
from sufficient.curve import iterate_sample_size_curve, sample_size_curve
from sufficient.decision.plateau import EigenvaluePlateau
from sufficient.decision.score_forecast import ScoreForecast, forecast_scores
from sufficient.display import LandscapeDisplay, SampleSizeDisplay, SpectrumDisplay
from sufficient.estimator import SampleSizeEstimator
from sufficient.many_fits.compare import compare_architectures, sample_size_scorer
from sufficient.many_fits.repeats import RepeatedSampleSize, repeat_sample_size
from sufficient.nets import MLP, ConvNet
from sufficient.results import SampleSizeCurve

__all__ = [
    "MLP",
    "ConvNet",
    "EigenvaluePlateau",
    "LandscapeDisplay",
    "RepeatedSampleSize",
    "SampleSizeCurve",
    "SampleSizeDisplay",
    "SampleSizeEstimator",
    "ScoreForecast",
    "SpectrumDisplay",
    "__version__",
    "compare_architectures",
    "forecast_scores",
    "iterate_sample_size_curve",
    "repeat_sample_size",
    "sample_size_curve",
    "sample_size_scorer",
]
