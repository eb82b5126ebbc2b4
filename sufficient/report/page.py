"""The frame of the page, and its sections that need only the numbers of a fit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import NamedTuple

import numpy as np

from sufficient._version import __version__
from sufficient.report.markup import items, paragraph, table, terms
from sufficient.report.numbers import count, number, share
from sufficient.report.summary import score_name, summarise
from sufficient.results import SampleSizeCurve
from sufficient.settings import BOUNDS, Settings

__all__ = [
    "Section",
    "answer_lines",
    "details_of",
    "page",
    "sizes_of",
    "summary_of",
    "write_page",
]

MOST_ROWS = 100
# Heading of each: the column of the curve, and how its values are told.
Columns = dict[str, tuple[str, Callable[[float], str]]]


class Section(NamedTuple):
    """A part of the page.

    Attributes
    ----------
    name : str
        By which links reach it.
    heading : str
        Shown above it.
    content : str
        HTML.
    """

    name: str
    heading: str
    content: str


def page(title: str, answer: str, sections: Iterable[Section]) -> str:
    """The page as one text.

    Parameters
    ----------
    title : str
        Its heading.
    answer : str
        Shown below the heading.
    sections : iterable of Section
        The rest, in order.

    Returns
    -------
    str
        HTML that refers to no other file.
    """
    template = files("sufficient.report").joinpath("page.html")
    return Template(template.read_text(encoding="utf-8")).substitute(
        title=escape(title),
        answer=escape(answer),
        sections="\n".join(_framed(section) for section in sections),
        version=escape(__version__),
    )


def write_page(text: str, path: str | os.PathLike[str]) -> Path:
    """Write a page to a file, and return its path; one that is there is replaced."""
    place = Path(path)
    place.write_text(text, encoding="utf-8")
    return place


def _framed(section: Section) -> str:
    name = escape(section.name)
    return (
        f'<section aria-labelledby="{name}">\n'
        f'<h2 id="{name}">{escape(section.heading)}</h2>\n'
        f"{section.content}\n</section>"
    )


def answer_lines(curve: SampleSizeCurve, settings: Settings) -> list[str]:
    """The five lines of the summary."""
    return summarise(curve, settings).splitlines()


def summary_of(curve: SampleSizeCurve, settings: Settings) -> str:
    """The five lines, each under the word with which it begins."""
    pairs = (line.partition(": ") for line in answer_lines(curve, settings))
    return terms((term, said) for term, _, said in pairs)


def details_of(curve: SampleSizeCurve, settings: Settings) -> str:
    """What the detailed summary adds, folded away."""
    n_said = len(answer_lines(curve, settings))
    rest = summarise(curve, settings, detail=True).splitlines()[n_said:]
    return (
        "<details>\n<summary>How it was measured, and what weakens the answer"
        f"</summary>\n{items(rest)}\n</details>"
    )


def sizes_of(curve: SampleSizeCurve, settings: Settings) -> str:
    """Tables of the measured sizes, or of some where there are very many."""
    sizes = len(curve.record)
    shown = np.unique(np.linspace(0, sizes - 1, MOST_ROWS).round().astype(int))
    which = "a row for each measured size"
    if len(shown) < sizes:
        which = f"{len(shown)} of the {count(sizes)} measured sizes"
    legend = paragraph(
        "Change: the mean squared change of the loss when 64 more samples arrive, in "
        "squared units of the loss. Its curve is compared with the tolerance "
        f"tol={settings.tol:g} after smoothing."
    )
    # Two, as one is wider than many windows.
    parts = {"Scores": _score_columns(curve), "Landscape": _change_columns(curve)}
    tables = [_rows(f"{name}: {which}", each, shown) for name, each in parts.items()]
    return "\n".join([*tables, legend])


def _rows(caption: str, columns: dict[str, list[str]], shown: np.ndarray) -> str:
    known = {name: each for name, each in columns.items() if set(each) != {"unknown"}}
    rows = ([texts[i] for texts in known.values()] for i in shown)
    return table(caption, list(known), rows, style="numbers")


def _score_columns(curve: SampleSizeCurve) -> dict[str, list[str]]:
    plan: Columns = {
        "Samples": ("train_size", count),
        f"Held-out {score_name(curve)}": ("validation_score", share),
        "Standard error": ("validation_score_std_err", share),
        "Training score": ("train_score", share),
        "Held-out loss": ("validation_loss", number),
        "Training loss": ("train_loss", number),
        "Steps": ("n_steps", count),
    }
    return _texts(curve, plan)


def _change_columns(curve: SampleSizeCurve) -> dict[str, list[str]]:
    plan: Columns = {
        "Samples": ("train_size", count),
        "Batches": ("batch_count", count),
        "Change, real loss": ("delta", number),
        "Change, compared with tol": (BOUNDS[curve.settings.bound], number),
        "Smoothed": ("smoothed", number),
    }
    return _texts(curve, plan)


def _texts(curve: SampleSizeCurve, plan: Columns) -> dict[str, list[str]]:
    return {
        name: [told(value) for value in curve.columns[column]]
        for name, (column, told) in plan.items()
    }
