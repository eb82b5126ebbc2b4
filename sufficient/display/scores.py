"""The panel of the scores: measured, forecast, a target, and what limits them."""

from __future__ import annotations

import warnings
from textwrap import fill
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sufficient.decision.score_forecast import ScoreForecast
from sufficient.decision.targets import FORECAST_REACH, MOST_REACH
from sufficient.decision.verdict import CANNOT_TELL
from sufficient.display.measured import Measured
from sufficient.display.style import COLORS, ink
from sufficient.report.numbers import number, percent, share
from sufficient.results import Gain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.container import ErrorbarContainer

__all__ = ["Aim", "aim_at", "draw_scores", "last_shown"]

# Letters of a label that a low panel has room for.
MOST_IN_A_LINE = 18
STYLE: dict[str, Any] = {"color": COLORS["score"], "ms": 4, "capsize": 2}
# Ends of the intervals that hold 90 % and 50 % of what is likely, and the middle.
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
# What was tried beside the last size: its marker, its place beside it, and its name.
TRIED = {
    "gain_from_training": ("^", 1.10, "twice the steps, 90 %"),
    "gain_from_width": ("D", 1.21, "twice the width, 90 %"),
}


class Aim(NamedTuple):
    """A score to reach, with which probability, and with how many samples.

    Attributes
    ----------
    target, assurance : float
        The score, and the probability.
    n_samples : int or None
        None where 16 times the data do not reach it.
    """

    target: float
    assurance: float
    n_samples: int | None


def aim_at(
    forecast: ScoreForecast | None, target: float | None, assurance: float
) -> Aim | None:
    """Look a target up in the forecast."""
    if target is None:
        return None
    if forecast is None:
        raise ValueError(
            "There is no forecast of the score, so where it meets a target is not "
            "known. Leave target out; summary(detail=True) says why there is none."
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The label says it.
        return Aim(target, assurance, forecast.samples_for(target, assurance))


def last_shown(measured: Measured, aim: Aim | None) -> float:
    """Up to where the forecast is drawn: four times the data, or to the target."""
    forecast = measured.score_forecast
    if forecast is None:
        return float(measured.train_sizes[-1])
    needed = aim.n_samples if aim is not None else None
    return max(FORECAST_REACH * forecast.n, needed or 0)


def draw_scores(
    ax: Axes, measured: Measured, aim: Aim | None
) -> tuple[list[ErrorbarContainer], list[PolyCollection]]:
    """Draw the panel; bars of the scores, and bands of the forecast."""
    bars, bands = [], []
    if measured.score_forecast is not None:
        last = last_shown(measured, aim)
        bands = _draw_posterior(ax, measured.score_forecast, last)
        _draw_ceiling(ax, measured.score_forecast, last)
        if aim is not None:
            _draw_aim(ax, aim, measured.score_forecast.n)
    if len(measured.scores):
        bars = [_draw_measured(ax, measured), *_draw_tried(ax, measured)]
    _frame(ax, measured, bands)
    ax.set_ylabel(fill(f"held-out {measured.score_name}", MOST_IN_A_LINE))
    ax.set_title(_said(measured), loc="left", fontsize="small")
    return bars, bands


def _draw_measured(ax: Axes, measured: Measured) -> ErrorbarContainer:
    reach = 2 * np.asarray(measured.score_std_err)
    label = "score, 2 std. err." if reach.any() else "score"
    sizes, scores = measured.train_sizes, measured.scores
    return ax.errorbar(sizes, scores, reach, fmt="o", label=label, **STYLE)


def _draw_posterior(
    ax: Axes, forecast: ScoreForecast, last: float
) -> list[PolyCollection]:
    """Draw the typical fit: its median, and the bands of 50 % and 90 %."""
    grid = forecast.n * 2**forecast.doublings
    sizes = np.append(grid[grid < last], last)
    quantiles = np.quantile(forecast.draws, SHARES, axis=0)
    lowest, low, middle, high, highest = (
        np.interp(np.log(sizes), np.log(grid), each) for each in quantiles
    )
    style: dict[str, Any] = {"color": STYLE["color"], "lw": 0}
    ax.plot(sizes, middle, "--", color=STYLE["color"], lw=1.2, label="typical fit")
    return [
        ax.fill_between(sizes, low, high, alpha=0.25, label="50 %, 90 %", **style),
        ax.fill_between(sizes, lowest, highest, alpha=0.15, **style),
    ]


def _draw_ceiling(ax: Axes, forecast: ScoreForecast, last: float) -> None:
    ceiling, _ = forecast.score_at(MOST_REACH * forecast.n)
    label = f"with {MOST_REACH:g} times the data: {share(ceiling)}"
    style = {"color": ink(ax), "ls": (0, (6, 2, 1, 2)), "lw": 0.8, "label": label}
    ax.plot([forecast.n, last], [ceiling, ceiling], **style)


def _draw_tried(ax: Axes, measured: Measured) -> list[ErrorbarContainer]:
    n, score = measured.train_sizes[-1], measured.scores[-1]
    drawn = []
    for name, (marker, place, label) in TRIED.items():
        gain: Gain = getattr(measured, name)
        if np.isfinite(gain.expected):
            y, ends = score + gain.expected, score + np.array(gain.interval)
            reach = np.abs(ends - y)[:, None]
            style = {"color": ink(ax), "mfc": "none", "ms": 5, "capsize": 2, "lw": 1}
            at = n * place, y, reach
            drawn.append(ax.errorbar(*at, fmt=marker, label=label, **style))
    return drawn


def _draw_aim(ax: Axes, aim: Aim, n: float) -> None:
    label = f"{aim.target:g} in {percent(aim.assurance)} of fits: {_samples(aim, n)}"
    ax.axhline(aim.target, color=COLORS["answer"], ls=":", label=label)
    if aim.n_samples is not None:
        ax.axvline(aim.n_samples, color=COLORS["answer"], ls="-.")


def _samples(aim: Aim, n: float) -> str:
    if aim.n_samples is None:
        return f"more than {MOST_REACH:g} times the data"
    if aim.n_samples > FORECAST_REACH * n:
        return f"about {number(aim.n_samples, 2)} samples"
    return f"{aim.n_samples:,} samples"


def _frame(ax: Axes, measured: Measured, bands: list[PolyCollection]) -> None:
    """Show all scores and what is ahead; early bands may reach far below."""
    forecast, seen = measured.score_forecast, np.asarray(measured.scores)
    if forecast is None or not len(seen):
        return
    low, high = ax.get_ylim()
    reach = 2 * np.nan_to_num(measured.score_std_err)
    band = np.asarray(bands[-1].get_paths()[0].vertices)
    ahead = band[band[:, 0] >= forecast.n, 1]
    lines = np.concatenate([np.ravel(line.get_ydata()) for line in ax.lines])
    lowest = float(np.nanmin([*(seen - reach), *ahead, *lines]))
    ax.set_ylim(bottom=max(low, lowest - 0.05 * (high - lowest)))


def _said(measured: Measured) -> str:
    said = [measured.verdict] if measured.verdict else []
    if measured.limited_by not in (None, CANNOT_TELL):
        said.append(f"limited by: {measured.limited_by}")
    return "; ".join(said)
