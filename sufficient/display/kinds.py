"""What can be drawn of the measured numbers, and in which panels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sufficient.display.by_class import draw_classes, height_of
from sufficient.display.change import draw_change, draw_needed, draw_rate, shown_needed
from sufficient.display.measured import Measured
from sufficient.display.scores import Aim, aim_at, draw_scores, last_shown
from sufficient.display.style import batch_axis, size_axis

if TYPE_CHECKING:
    from matplotlib.collections import PolyCollection
    from matplotlib.container import ErrorbarContainer
    from matplotlib.lines import Line2D

__all__ = ["checked_kind"]


class Drawn(NamedTuple):
    """Curves, bands and bars of a picture."""

    lines: list[Line2D]
    bands: list[PolyCollection]
    bars: list[ErrorbarContainer]


def _draw_both(axes: np.ndarray, measured: Measured, aim: Aim | None) -> Drawn:
    lines, bands = draw_change(axes[0], measured)
    last = [measured.train_sizes[-1], shown_needed(measured) or 0]
    bars: list[ErrorbarContainer] = []
    for ax in axes[1:]:
        bars, more = draw_scores(ax, measured, aim)
        bands += more
        last.append(last_shown(measured, aim))
    draw_needed(axes, measured, lines[-1])
    _label_sizes(axes, measured, max(last))
    batch_axis(axes[0], measured.batch_size)
    return Drawn(lines, bands, bars)


def _draw_rate(axes: np.ndarray, measured: Measured, aim: Aim | None) -> Drawn:
    lines, bands = draw_rate(axes[0], measured)
    _label_sizes(axes, measured, measured.train_sizes[-1])
    batch_axis(axes[0], measured.batch_size)
    return Drawn(lines, bands, [])


def _draw_score(axes: np.ndarray, measured: Measured, aim: Aim | None) -> Drawn:
    bars, bands = draw_scores(axes[0], measured, aim)
    _label_sizes(axes, measured, last_shown(measured, aim))
    return Drawn([], bands, bars)


def _draw_classes(axes: np.ndarray, measured: Measured, aim: Aim | None) -> Drawn:
    return Drawn([], [], draw_classes(axes[0], measured))


def _label_sizes(axes: np.ndarray, measured: Measured, last: float) -> None:
    for ax in axes:
        size_axis(ax, measured.first_size, last)
    axes[-1].set_xlabel("training samples")


class Kind(NamedTuple):
    """One way to draw.

    Attributes
    ----------
    draw : callable
        Draws on the panels.
    height : callable
        Inches of a figure for the measured numbers.
    n_panels, least : int
        Panels, and the fewest that will do.
    has_landscape, has_scores : bool
        Whether it shows them.
    """

    draw: Callable[[np.ndarray, Measured, Aim | None], Drawn]
    height: Callable[[Measured], float]
    n_panels: int = 1
    least: int = 1
    has_landscape: bool = False
    has_scores: bool = False


KINDS = {
    "delta": Kind(_draw_both, lambda _: 6.2, 2, 1, has_landscape=True, has_scores=True),
    "rate": Kind(_draw_rate, lambda _: 3.6, has_landscape=True),
    "score": Kind(_draw_score, lambda _: 3.6, has_scores=True),
    "classes": Kind(_draw_classes, lambda measured: height_of(measured.by_class)),
}


def checked_kind(
    measured: Measured, kind: str | None, target: float | None, assurance: float
) -> tuple[Kind, Aim | None]:
    """How to draw, and at what the scores aim, or an error that says what to do."""
    if kind is None:
        kind = "score" if measured.delta is None else "delta"
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {list(KINDS)}, got {kind!r}.")
    chosen = KINDS[kind]
    if chosen.has_landscape and measured.delta is None:
        raise ValueError(
            f"kind={kind!r} draws the landscape, which scores alone do not tell. Use "
            "kind='score', or fit a SampleSizeEstimator."
        )
    if target is not None and not chosen.has_scores:
        raise ValueError(
            f"kind={kind!r} has no panel of the scores. Leave target out, or use "
            "kind='score'."
        )
    return chosen, aim_at(measured.score_forecast, target, assurance)
