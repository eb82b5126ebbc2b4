"""The panel of the validation scores, and of the forecast for twice the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_regressor

from sufficient.display.style import COLORS
from sufficient.estimator import SampleSizeEstimator

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer

__all__ = ["draw_gain", "draw_scores", "score_name"]

STYLE: dict[str, Any] = {"color": COLORS["score"], "ms": 4, "capsize": 2}


def draw_scores(
    ax: Axes, sizes: np.ndarray, scores: np.ndarray, std_err: np.ndarray
) -> ErrorbarContainer:
    """Draw scores with bars of two standard errors."""
    reach, label = 2 * np.asarray(std_err), "score, 2 std. err."
    return ax.errorbar(sizes, scores, reach, fmt="o-", label=label, **STYLE)


def draw_gain(
    ax: Axes, size: float, score: float, gain: float, interval: tuple[float, float]
) -> ErrorbarContainer:
    """Draw the score forecast for twice the size, with the interval of the gain."""
    low, high = interval
    ax.plot([size, 2 * size], [score, score + gain], "--", color=STYLE["color"])
    away = [[gain - low], [high - gain]]
    how = {"fmt": "o", "mfc": "white", "label": "forecast, 90 %", **STYLE}
    return ax.errorbar([2 * size], [score + gain], away, **how)


def score_name(estimator: SampleSizeEstimator) -> str:
    """Name of a fitted estimator's score, for the axis."""
    scoring = estimator.scoring
    if scoring is None:
        return "R²" if is_regressor(estimator) else "accuracy"
    return scoring.replace("_", " ") if isinstance(scoring, str) else "score"
