"""Legends that hide no data."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from matplotlib.path import Path
    from matplotlib.transforms import Bbox

__all__ = ["add_legends"]

STYLE: dict[str, Any] = {"alignment": "left", "fontsize": "small"}
NARROW, SMALLER = 3.5, {"fontsize": "x-small", "labelspacing": 0.3}
BESIDE: dict[str, Any] = {
    "loc": "upper left",
    "bbox_to_anchor": (1.01, 1.0),
    "frameon": False,
}
OUTSIDE, SIDES = "outside", ("outside left", "outside right")
# Of the height of a panel that a legend may take, and what it leaves free around it.
MOST_OF_PANEL, GAP = 0.5, 0.04


def add_legends(
    axes: Iterable[Axes], where: bool | str, *, beside: bool, title: str | None = None
) -> None:
    """Add a legend to every panel, or none.

    Parameters
    ----------
    axes : iterable of Axes
        Panels, drawn.
    where : bool or str
        False leaves legends out. True finds a place: beside the panel, or else inside
        where no data are, or else below it. A string is matplotlib's location; one that
        begins with "outside" makes one legend of the whole figure.
    beside : bool
        Whether there is room beside the panels.
    title : str or None, default=None
        Of the first legend.

    Warns
    -----
    UserWarning
        If a legend is left out, because it would hide data.
    """
    if where is False:
        return
    if isinstance(where, str) and where.startswith(OUTSIDE):
        _one_for_all(axes, where, title)
        return
    for i, ax in enumerate(axes):
        how = {**STYLE, "title": title if i == 0 else None}
        if ax.bbox.width < NARROW * ax.figure.dpi:
            how |= SMALLER
        if isinstance(where, str):
            how["loc"] = where
            ax.legend(**how)
        elif beside:
            ax.legend(**BESIDE, **how)
        else:
            _where_no_data_are(ax, how)


def _one_for_all(axes: Iterable[Axes], where: str, title: str | None) -> None:
    entries = [ax.get_legend_handles_labels() for ax in axes]
    handles, labels = (list(chain(*each)) for each in zip(*entries, strict=True))
    columns = 1 if where.startswith(SIDES) else 2
    how = {**STYLE, "title": title, "frameon": False}
    figure: Any = next(iter(axes)).figure
    figure.legend(handles, labels, loc=where, ncols=columns, **how)


def _where_no_data_are(ax: Axes, how: dict[str, Any]) -> None:
    figure: Any = ax.figure.figure
    figure.draw_without_rendering()
    if not _hides_data(ax, ax.legend(loc="best", **how)):
        return
    legend = ax.legend(loc="lower right", **how)
    if _make_room(ax, legend):
        return
    if figure.get_layout_engine() is not None:
        _below(ax, how)
        return
    legend.remove()
    warnings.warn(
        "The legend is left out, because it would hide data. Pass a larger ax, make "
        "the figure with layout='constrained', or say where with legend='upper right'.",
        stacklevel=5,
    )


def _make_room(ax: Axes, legend: Legend) -> bool:
    """Extend the panel at the bottom, where a legend is; False if it is too large."""
    place = legend.get_window_extent()
    share = place.height / ax.bbox.height + 2 * GAP
    if share > MOST_OF_PANEL or place.width > ax.bbox.width:
        return False
    scale = ax.yaxis.get_transform()
    low, high = scale.transform(ax.get_ylim())
    bottom = scale.inverted().transform(high - (high - low) / (1 - share))
    ax.set_ylim(bottom=float(bottom))
    return not _hides_data(ax, legend)


def _below(ax: Axes, how: dict[str, Any]) -> None:
    from matplotlib.transforms import ScaledTranslation

    figure: Any = ax.figure.figure
    outline = ax.get_tightbbox()
    label = 0.0 if outline is None else (ax.bbox.y0 - outline.y0) / figure.dpi
    down = ScaledTranslation(0, -label, figure.dpi_scale_trans)
    place: dict[str, Any] = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0)}
    ax.legend(bbox_transform=ax.transAxes + down, frameon=False, **place, **how)


def _hides_data(ax: Axes, legend: Legend) -> bool:
    box: Bbox = legend.get_window_extent()
    return any(path.intersects_bbox(box, filled) for path, filled in _drawn(ax))


def _drawn(ax: Axes) -> Iterable[tuple[Path, bool]]:
    """Outlines of curves and bands, in pixels; lines across the panel are no data."""
    for line in ax.lines:
        if line.get_transform() == ax.transData:
            yield line.get_path().transformed(ax.transData), False
    for shape in ax.collections:
        for path in shape.get_paths():
            filled = len(shape.get_facecolor()) > 0
            yield path.transformed(shape.get_transform()), filled
