"""The panel of classes or bins: the score of each, and what twice the data add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sufficient.decision.class_scores import ClassScores
from sufficient.display.measured import Measured
from sufficient.display.style import COLORS, ink
from sufficient.report.markup import shortened
from sufficient.report.numbers import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer

__all__ = ["draw_classes", "height_of", "shown_classes"]

MOST_CLASSES = 20
MOST_OF_A_NAME = 24
# Inches.
FRAME, ROW = 1.2, 0.34
STYLE: dict[str, Any] = {"ms": 5, "capsize": 2, "lw": 1}


def shown_classes(by_class: ClassScores | None) -> np.ndarray:
    """Positions of the classes, the lowest score first and unknown ones last."""
    if by_class is None:
        raise ValueError(
            "There are no scores of classes: there are several numeric targets, or the "
            "scores come from elsewhere. Use kind='score'."
        )
    return np.argsort(by_class.scores[-1], kind="stable")[:MOST_CLASSES]


def height_of(by_class: ClassScores | None) -> float:
    """Inches that a picture of them takes."""
    return FRAME + ROW * len(shown_classes(by_class))


def draw_classes(ax: Axes, measured: Measured) -> list[ErrorbarContainer]:
    """Draw a row for each class, the lowest score on top."""
    shown, by_class = shown_classes(measured.by_class), measured.by_class
    assert by_class is not None
    rows = np.arange(len(shown))
    scores, std_err = by_class.scores[-1, shown], by_class.std_err[-1, shown]
    now = ax.errorbar(
        scores,
        rows - 0.12,
        xerr=_reach(by_class, scores, scores - 2 * std_err, scores + 2 * std_err),
        fmt="o",
        color=COLORS["score"],
        label="now, 2 std. err.",
        **STYLE,
    )
    drawn = [now, *_draw_twice(ax, by_class, shown)]
    ax.set_yticks(rows, [_named(by_class, c) for c in shown])
    ax.set(ylim=(len(rows) - 0.4, -0.6), xlabel=f"held-out {by_class.score_name}")
    ax.set_title(_said(by_class, len(shown)), loc="left", fontsize="small")
    ax.grid(axis="x", alpha=0.3)
    return drawn


def _draw_twice(
    ax: Axes, by_class: ClassScores, shown: np.ndarray
) -> list[ErrorbarContainer]:
    scores, gains = by_class.scores[-1, shown], [by_class.gains[c] for c in shown]
    expected = scores + np.array([gain.expected for gain in gains])
    if not np.isfinite(expected).any():
        return []
    ends = scores[:, None] + np.array([gain.interval for gain in gains])
    expected = np.clip(expected, *by_class.score_range)
    style = {"color": ink(ax), "mfc": "none", "fmt": "s", **STYLE}
    at = expected, np.arange(len(shown)) + 0.12
    label = "with twice the data, 90 %"
    xerr = _reach(by_class, expected, *ends.T)
    return [ax.errorbar(*at, xerr=xerr, label=label, **style)]


def _reach(
    by_class: ClassScores, middle: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """How far bars go to either side, as no score lies outside of its range."""
    return np.abs(np.clip([low, high], *by_class.score_range) - middle)


def _named(by_class: ClassScores, c: int) -> str:
    # A dollar is no formula here.
    name = shortened(str(by_class.classes[c]), MOST_OF_A_NAME).replace("$", r"\$")
    return f"{name} ({count(by_class.n_train[-1, c])})"


def _said(by_class: ClassScores, n_shown: int) -> str:
    n = len(by_class.classes)
    which = f", the lowest {n_shown} of {n:,}" if n_shown < n else ""
    return f"{by_class.kind} (training samples){which}"
