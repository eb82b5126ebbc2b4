"""From what was run to what is told."""

from __future__ import annotations

from .forecasts import forecasts
from .independence import independence
from .pairs import PAIRS
from .paper_table import PAPER, paper_row
from .repeatability import repeatability
from .verdicts import states
from .work import Work

__all__ = ["PARTS"]

BY_NAME = {pair.name: pair for pair in PAIRS}
SMALL_VALIDATION_SETS = (500, 200)


def repeatability_rows(work: Work) -> list[dict]:
    """Spread of n* over seeds."""
    return [
        repeatability(BY_NAME[name], traces) for name, traces in work.repeats().items()
    ]


def paper_rows(work: Work) -> list[dict]:
    """Paper B's table."""
    return [
        paper_row(BY_NAME[name], traces)
        for name, traces in work.repeats().items()
        if name in PAPER
    ]


def forecast_rows(work: Work) -> list[dict]:
    """Forecasts of n*."""
    runs = work.traces().items()
    return [
        row
        for bound in ("projected", "monte_carlo")
        for name, traces in runs
        for row in forecasts(BY_NAME[name], traces, bound)
    ]


def state_rows(work: Work) -> list[dict]:
    """Verdicts and gains, by default and with small validation sets."""
    runs = work.traces().items()
    return [
        {**row, "held out": "default" if held_out is None else f"{held_out}"}
        for held_out in (None, *SMALL_VALIDATION_SETS)
        for name, traces in runs
        if held_out is None or BY_NAME[name].has_objects_apart
        for row in states(BY_NAME[name], traces, held_out)
    ]


def independence_rows(work: Work) -> list[dict]:
    """Changes of n* with what should not matter."""
    long = work.traces() if work.scale.independent else {}
    return [
        row
        for name, traces in work.variants().items()
        for row in independence(BY_NAME[name], traces, long[name])
    ]


PARTS = {
    "repeatability": repeatability_rows,
    "paper": paper_rows,
    "coverage": Work.covered,
    "errors": Work.errors,
    "forecasts": forecast_rows,
    "states": state_rows,
    "independence": independence_rows,
}
