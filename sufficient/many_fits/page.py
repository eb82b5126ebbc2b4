"""The report of several seeds as one page."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sufficient.decision.score_forecast import ScoreForecast
from sufficient.display.figures import pictures, scores_in_words
from sufficient.display.page import TITLE
from sufficient.report.markup import paragraph, preformatted, table
from sufficient.report.numbers import count, gain, percent, share
from sufficient.report.page import Section, page
from sufficient.report.parameters import versions_of

__all__ = ["RepeatsReportMixin", "write_repeats_page"]

# Heading of each: the column of the runs, and how its values are told.
SEEDS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "Seed": ("random_state", str),
    "Verdict": ("verdict", str),
    "Held-out score": ("score", share),
    "Gain from twice the data": ("expected_gain", gain),
    "Probability that the data suffice": ("probability_sufficient", percent),
    "Samples for a stable landscape": (
        "n_samples_needed",
        lambda n: count(n) if np.isfinite(n) else "unknown",
    ),
}
AGAIN = (
    "repeat_sample_size gives these answers again with the arguments that were given, "
    "which this page does not list, and SampleSizeEstimator one of them with the seed "
    "of its row as random_state. The last digits depend on the versions above and on "
    "the machine."
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
        return write_repeats_page(self, path, title=title)


def write_repeats_page(
    found: Any,
    path: str | os.PathLike[str],
    *,
    title: str = TITLE,
    command: str | None = None,
) -> Path:
    """Write the report of several seeds to a file.

    Parameters
    ----------
    found : RepeatedSampleSize
        Answers of `repeat_sample_size`.
    path : str or path-like
        The file; one that is there is replaced.
    title : str, default="Is there enough training data?"
        Heading of the page.
    command : str or None, default=None
        The command that asked the question, if it was one.

    Returns
    -------
    Path
        Of the file.
    """
    answer, *rest = found.summary().splitlines()
    again = preformatted(command) if command else ""
    sections = [
        Section("landscape", "Landscape", "\n".join(map(paragraph, rest))),
        Section("pictures", "Picture", pictures(found, {"score": _scores})),
        Section("seeds", "Seeds", _seeds(found.runs)),
        Section("versions", "Versions", versions_of()),
        Section("again", "How to ask again", f"{again}\n{paragraph(AGAIN)}"),
    ]
    place = Path(path)
    place.write_text(page(title, answer, sections), encoding="utf-8")
    return place


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
