"""The panel of the validation scores, and of their forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_regressor

from sufficient.decision.score_forecast import ScoreForecast
from sufficient.display.style import COLORS
from sufficient.estimator import SampleSizeEstimator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.container import ErrorbarContainer

__all__ = ["AHEAD", "draw_forecast", "draw_scores", "score_name"]

# The forecast is drawn up to so many times the data.
AHEAD = 4

STYLE: dict[str, Any] = {"color": COLORS["score"], "ms": 4, "capsize": 2}


def draw_scores(
    ax: Axes, sizes: np.ndarray, scores: np.ndarray, std_err: np.ndarray
) -> ErrorbarContainer:
    """Draw scores with bars of two standard errors."""
    reach, label = 2 * np.asarray(std_err), "score, 2 std. err."
    return ax.errorbar(sizes, scores, reach, fmt="o", label=label, **STYLE)


def draw_forecast(ax: Axes, forecast: ScoreForecast) -> PolyCollection:
    """Draw the expected score of a typical fit, with its 90 % interval, from n on."""
    shown = (forecast.doublings >= 0) & (forecast.doublings <= np.log2(AHEAD))
    sizes = forecast.n * 2 ** forecast.doublings[shown]
    middle, intervals = zip(*map(forecast.score_at, sizes), strict=True)
    low, high = np.transpose(intervals)
    ax.plot(sizes, middle, "--", color=STYLE["color"], lw=1)
    how: dict[str, Any] = {"alpha": 0.2, "lw": 0, "label": "forecast, 90 %"}
    return ax.fill_between(sizes, low, high, color=STYLE["color"], **how)


def score_name(estimator: SampleSizeEstimator) -> str:
    """Name of a fitted estimator's score, for the axis."""
    scoring = estimator.scoring
    if scoring is None:
        return "R²" if is_regressor(estimator) else "accuracy"
    return scoring.replace("_", " ") if isinstance(scoring, str) else "score"
