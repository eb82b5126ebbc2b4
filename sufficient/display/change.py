"""The panel of the change of the loss by one more batch, and where it settles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sufficient.display.measured import Measured
from sufficient.display.style import (
    COLORS,
    LABELS,
    band,
    extrapolate,
    frame_positive,
    ink,
)
from sufficient.report.numbers import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D

__all__ = ["draw_change", "draw_needed", "draw_rate", "shown_needed"]

MAX_TIMES_DATA = 100
# Told apart by marker and line too, for readers of a grey print.
MARKS: dict[str, dict[str, Any]] = {
    "delta": {"marker": "s", "mfc": "none"},
    "bound": {"marker": "o"},
}

Drawn = tuple[list["Line2D"], list["PolyCollection"]]


def draw_change(ax: Axes, measured: Measured) -> Drawn:
    """Draw the curves and the tolerance."""
    drawn = _draw_curves(ax, measured, np.ones(len(measured.train_sizes)), measured.tol)
    style = {"color": ink(ax), "ls": ":", "label": f"tol = {measured.tol:g}"}
    ax.axhline(measured.tol, **style)
    ax.set_ylabel(LABELS["delta"])
    return drawn


def draw_rate(ax: Axes, measured: Measured) -> Drawn:
    """Draw the curves times the squared number of batches."""
    k = np.asarray(measured.train_sizes) / measured.batch_size
    drawn = _draw_curves(ax, measured, k**2)
    ax.set_ylabel(LABELS["rate"])
    return drawn


def shown_needed(measured: Measured) -> float | None:
    """Up to where the answer reaches; None where it is far beyond the data."""
    needed, most = measured.n_samples_needed, MAX_TIMES_DATA * measured.train_sizes[-1]
    if needed is None or needed > most:
        return None
    high = measured.n_samples_needed_interval[1]
    return float(most if high is None else min(high, most))


def draw_needed(axes: np.ndarray, measured: Measured, smoothed: Line2D) -> None:
    """Mark the answer in all panels, and its interval in the first."""
    ax, needed = axes[0], measured.n_samples_needed
    end = shown_needed(measured)
    if needed is None or end is None:
        ax.plot([], [], " ", label="n* far beyond the data")
        return
    if not measured.converged:
        extrapolate(ax, smoothed, needed, measured.rate)
    name, line = ("n*", "-") if measured.converged else ("forecast n*", "--")
    low, high = measured.n_samples_needed_interval
    color = COLORS["answer"]
    for panel, label in zip(axes, (f"{name} = {needed:,} samples", None), strict=False):
        panel.axvline(needed, color=color, ls=line, lw=2, label=label)
    interval = f"90 %: {low:,} to {count(high)}"
    ax.axvspan(low, end, color=color, alpha=0.15, lw=0, label=interval)


def _draw_curves(
    ax: Axes, measured: Measured, weight: np.ndarray, *in_view: float
) -> Drawn:
    used = "delta" if measured.bound_name == "monte_carlo" else "bound"
    names = dict.fromkeys(("delta", used))
    lines, bands = [], []
    for name in names:
        values = getattr(measured, name) * weight
        std_err = getattr(measured, f"{name}_std_err") * weight
        meaning = "monte_carlo" if name == "delta" else measured.bound_name
        style: dict[str, Any] = {"ms": 4, "color": COLORS[name], **MARKS[name]}
        style |= {"ls": "" if name == used else "-.", "lw": 1}
        label = LABELS.get(meaning, meaning)
        lines += ax.plot(measured.train_sizes, values, label=label, **style)
        bands.append(band(ax, measured.train_sizes, values, std_err, COLORS[name]))
    label = f"smoothed, $\\propto n^{{{measured.rate:.1f}}}$ at its end"
    smoothed = np.asarray(measured.smoothed) * weight
    lines += ax.plot(measured.train_sizes, smoothed, color=COLORS[used], label=label)
    drawn = [np.asarray(line.get_ydata()) for line in lines]
    frame_positive(ax, np.concatenate([*drawn, in_view]))
    return lines, bands
