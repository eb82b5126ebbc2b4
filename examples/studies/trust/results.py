"""The parts of the study: rows of results, made from what was run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .forecasts import forecasts
from .independence import VARIANTS, independence
from .pairs import PAIRS
from .paper_table import PAPER, paper_row
from .repeatability import repeatability
from .runs import Run
from .verdicts import states
from .work import Work

__all__ = ["PARTS", "Part"]

BY_NAME = {pair.name: pair for pair in PAIRS}
SMALL_VALIDATION_SETS = (500, 200)


@dataclass(frozen=True)
class Part:
    """A function that returns rows of results, and the runs that it needs."""

    rows: Callable[[Work], list[dict]]
    needs: tuple[Callable[[Work], list[Run]], ...]

    def to_run(self, work: Work) -> list[Run]:
        """The needed runs whose results are not stored yet."""
        runs = [run for plan in self.needs for run in plan(work)]
        return [run for run in runs if not run.path.exists()]


def repeatability_rows(work: Work) -> list[dict]:
    """Spread of n* over seeds."""
    return [
        repeatability(BY_NAME[name], traces)
        for name, traces in work.traces(work.repeats()).items()
    ]


def paper_rows(work: Work) -> list[dict]:
    """Paper B's table."""
    return [
        paper_row(BY_NAME[name], traces)
        for name, traces in work.traces(work.repeats()).items()
        if name in PAPER
    ]


def forecast_rows(work: Work) -> list[dict]:
    """Forecasts of n*."""
    runs = work.traces(work.long_runs()).items()
    return [
        row
        for bound in ("projected", "monte_carlo")
        for name, traces in runs
        for row in forecasts(BY_NAME[name], traces, bound)
    ]


def state_rows(work: Work) -> list[dict]:
    """Verdicts and gains, by default and with small validation sets."""
    runs = work.traces(work.long_runs()).items()
    return [
        {**row, "held out": "default" if held_out is None else f"{held_out}"}
        for held_out in (None, *SMALL_VALIDATION_SETS)
        for name, traces in runs
        if held_out is None or BY_NAME[name].has_samples_apart
        for row in states(BY_NAME[name], traces, held_out)
    ]


def independence_rows(work: Work) -> list[dict]:
    """Changes of n* by settings that should not affect it."""
    long = work.traces(work.thinned())
    return [
        row
        for pair in work.independent
        for row in independence(pair, _variants(work, pair), long[pair.name])
    ]


def _variants(work, pair):
    return {
        name: work.traces(work.variant(pair, variant))[pair.name]
        for name, variant in VARIANTS.items()
    }


def coverage_rows(work: Work) -> list[dict]:
    """Comparison of the bounds with Delta."""
    return work.rows(work.covered())


def error_rows(work: Work) -> list[dict]:
    """Tests of the standard errors."""
    return work.rows(work.errors())


PARTS = {
    "repeatability": Part(repeatability_rows, (Work.repeats,)),
    "paper": Part(paper_rows, (Work.repeats,)),
    "coverage": Part(coverage_rows, (Work.covered,)),
    "errors": Part(error_rows, (Work.errors,)),
    "forecasts": Part(forecast_rows, (Work.long_runs,)),
    "states": Part(state_rows, (Work.long_runs,)),
    "independence": Part(independence_rows, (Work.thinned, Work.variants)),
}
