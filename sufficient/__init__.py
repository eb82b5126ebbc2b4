"""Answer whether a network has enough training data, and if not, how much more.

What is used is imported when it is first used: torch and scikit-learn take seconds.
"""

from __future__ import annotations

import logging
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sufficient._clash import warn_of_clash
from sufficient._version import __version__

if TYPE_CHECKING:
    from sufficient.curve import iterate_sample_size_curve, sample_size_curve
    from sufficient.decision.forecast_scores import forecast_scores
    from sufficient.decision.plateau import EigenvaluePlateau
    from sufficient.decision.score_forecast import ScoreForecast
    from sufficient.display import LandscapeDisplay, SampleSizeDisplay, SpectrumDisplay
    from sufficient.estimator import SampleSizeEstimator
    from sufficient.many_fits.compare import compare_architectures, sample_size_scorer
    from sufficient.many_fits.repeats import RepeatedSampleSize, repeat_sample_size
    from sufficient.nets import MLP, ConvNet
    from sufficient.results import SampleSizeCurve

# Silent, unless the caller configures logging.
logging.getLogger(__name__).addHandler(logging.NullHandler())

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

_HOMES = {
    "curve": ("iterate_sample_size_curve", "sample_size_curve"),
    "decision.forecast_scores": ("forecast_scores",),
    "decision.plateau": ("EigenvaluePlateau",),
    "decision.score_forecast": ("ScoreForecast",),
    "display": ("LandscapeDisplay", "SampleSizeDisplay", "SpectrumDisplay"),
    "estimator": ("SampleSizeEstimator",),
    "many_fits.compare": ("compare_architectures", "sample_size_scorer"),
    "many_fits.repeats": ("RepeatedSampleSize", "repeat_sample_size"),
    "nets": ("MLP", "ConvNet"),
    "results": ("SampleSizeCurve",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_MODULES = ("curvature", "datasets", "features", "ranks", "theory", "arrow")

warn_of_clash(Path(__file__).parent)


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(f"sufficient.{_HOME_OF[name]}"), name)
    if name in _MODULES:
        return import_module(f"sufficient.{name}")
    raise AttributeError(f"module 'sufficient' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_MODULES])
