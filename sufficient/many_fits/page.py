"""The report of several seeds as one page."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from sufficient.decision.score_forecast import ScoreForecast
from sufficient.display.figures import pictures, scores_in_words
from sufficient.display.page import TITLE
from sufficient.report.markup import paragraph, preformatted, table
from sufficient.report.numbers import count, gain, percent, share
from sufficient.report.page import Section, page, write_page
from sufficient.report.parameters import versions_of

__all__ = ["RepeatsReportMixin", "repeats_page_of"]

# Heading of each: the column of the runs, and how its values are told.
SEEDS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "Seed": ("random_state", str),
    "Verdict": ("verdict", str),
    "Held-out score": ("score", share),
    "Gain from twice the data": ("expected_gain", gain),
    "Probability that the data suffice": ("probability_sufficient", percent),
    "Samples for a stable landscape": ("n_samples_needed", count),
}
ARGUMENTS = (
    "repeat_sample_size gives these answers again with the arguments that were given, "
    "which this page does not list."
)
AGAIN = (
    "One of the answers is given by SampleSizeEstimator with the seed of its row as "
    "random_state. The last digits depend on the versions above and on the machine."
)


class RepeatsReportMixin:
    """Show the answers of several seeds to others."""

    runs: pd.DataFrame
    scores: pd.DataFrame
    score_forecast: ScoreForecast | None
    score_name: str

    def report(self, path: str | os.PathLike[str], *, title: str = TITLE) -> Path:
        """Write the answers as a page that opens in any browser, without a network.

        Parameters
        ----------
        path : str or path-like
            The file; one that is there is replaced.
        title : str, default="Is there enough training data?"
            Heading of the page.

        Returns
        -------
        Path
            Of the file.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        return write_page(repeats_page_of(self, title=title), path)


def repeats_page_of(
    found: Any, *, title: str = TITLE, command: str | None = None
) -> str:
    """The report of several seeds as HTML that needs no other file.

    Parameters
    ----------
    found : RepeatedSampleSize
        Answers of `repeat_sample_size`.
    title : str, default="Is there enough training data?"
        Heading of the page.
    command : str or None, default=None
        The command that asked the question, if it was one.

    Returns
    -------
    str
    """
    answer, *rest = found.summary().splitlines()
    sections = [
        Section("landscape", "Landscape", "\n".join(map(paragraph, rest))),
        Section("pictures", "Picture", pictures(found, {"score": _scores})),
        Section("seeds", "Seeds", _seeds(found.runs)),
        Section("versions", "Versions", versions_of()),
        Section("again", "How to ask again", _again(command)),
    ]
    return page(title, answer, sections)


def _again(command: str | None) -> str:
    if command is None:
        return paragraph(f"{ARGUMENTS} {AGAIN}")
    return f"{preformatted(command)}\n{paragraph(AGAIN)}"


def _scores(found: Any) -> str:
    """What the picture shows: means over the seeds."""
    means = found.scores.groupby("n")["score"].mean()
    name = f"{found.score_name} (mean of {len(found.runs)} seeds)"
    sizes, scores = means.index.to_numpy(), means.to_numpy()
    return scores_in_words(name, sizes, scores, found.score_forecast)


def _seeds(runs: pd.DataFrame) -> str:
    columns = (map(told, runs[name]) for name, told in SEEDS.values())
    rows = [list(row) for row in zip(*columns, strict=True)]
    return table("A row for each seed", list(SEEDS), rows, style="numbers")
