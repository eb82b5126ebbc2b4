"""The pictures of an answer inside a page, with what they show in words."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Mapping
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from sufficient.decision.score_forecast import ScoreForecast
from sufficient.decision.targets import FORECAST_REACH
from sufficient.display.by_class import height_of, shown_classes
from sufficient.display.sample_size import SampleSizeDisplay
from sufficient.report.landscape import landscape_line
from sufficient.report.markup import paragraph
from sufficient.report.numbers import count, gain, number, share
from sufficient.report.summary import score_name
from sufficient.results import SampleSizeCurve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figures_of", "pictures", "scores_in_words"]

WITHOUT = (
    "The pictures are left out, because matplotlib is not installed where this page "
    "was made. Install it and make the page again."
)
# Characters of a drawing, above which an image of pixels is the smaller one.
MOST_DRAWN = 250_000
WIDTH, HEIGHT = 5.2, 4.4
CAPTIONS = {
    "score": "Score on held-out samples, and its forecast",
    "delta": "Change of the loss by one more batch, and the tolerance",
    "classes": "Score of each {kind}, now and with twice the data",
}
# The same file for the same fit: no date, and names that are not drawn at random.
PLAIN: dict[str, Any] = {"svg.hashsalt": "sufficient", "svg.fonttype": "path"}
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def figures_of(curve: SampleSizeCurve) -> str:
    """The pictures of a fit as HTML, or a sentence on why there are none.

    Parameters
    ----------
    curve : SampleSizeCurve
        What was measured.

    Returns
    -------
    str
    """
    return pictures(curve, {k: say for k, say in SAID.items() if _has(curve, k)})


def pictures(found: Any, said: Mapping[str, Callable[[Any], str]]) -> str:
    """Pictures as HTML, or a sentence on why there are none.

    Parameters
    ----------
    found : SampleSizeCurve or RepeatedSampleSize
        What was measured.
    said : mapping of str to callable
        Kinds of picture, and what puts into words what each shows.

    Returns
    -------
    str
    """
    if find_spec("matplotlib") is None:
        return paragraph(WITHOUT)
    from matplotlib import style

    with style.context(["default", PLAIN]):
        shown = [_figure(found, kind, say(found)) for kind, say in said.items()]
    return "\n".join(['<div class="figures">', *shown, "</div>"])


def _has(curve: SampleSizeCurve, kind: str) -> bool:
    return kind != "classes" or curve.by_class is not None


def _figure(found: Any, kind: str, said: str) -> str:
    from matplotlib.figure import Figure

    height, caption = HEIGHT, CAPTIONS[kind]
    if kind == "classes":
        height = height_of(found.by_class)
        caption = caption.format(kind=found.by_class.kind)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    how: dict[str, Any] = {"kind": kind, "legend": "outside lower center"}
    SampleSizeDisplay.from_estimator(found, ax=figure.subplots(), **how)
    drawn = _embedded(figure, kind, said)
    return f"<figure>\n{drawn}\n<figcaption>{escape(caption)}</figcaption>\n</figure>"


def _embedded(figure: Figure, name: str, said: str) -> str:
    drawing = io.StringIO()
    how: dict[str, Any] = {"transparent": True, "metadata": NO_METADATA}
    figure.savefig(drawing, format="svg", **how)
    text = drawing.getvalue()
    if len(text) > MOST_DRAWN:
        return _pixels(figure, said)
    # Two drawings on one page must not share the names of their parts.
    own = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    label = f'role="img" aria-label="{escape(said)}"'
    return own[own.index("<svg") :].replace("<svg ", f"<svg {label} ", 1)


def _pixels(figure: Figure, said: str) -> str:
    image = io.BytesIO()
    figure.savefig(image, format="png", transparent=True, dpi=150)
    encoded = base64.b64encode(image.getvalue()).decode("ascii")
    return f'<img alt="{escape(said)}" src="data:image/png;base64,{encoded}">'


def _scores(curve: SampleSizeCurve) -> str:
    sizes, scores = curve.columns["train_size"], curve.columns["validation_score"]
    return scores_in_words(score_name(curve), sizes, scores, curve.score_forecast)


def scores_in_words(
    name: str, sizes: np.ndarray, scores: np.ndarray, forecast: ScoreForecast | None
) -> str:
    """What the picture of the scores shows."""
    seen = f"Held-out {name}: {_ends(sizes, scores, share)}."
    if forecast is None:
        return f"{seen} There is no forecast."
    n = FORECAST_REACH * sizes[-1]
    expected, (low, high) = forecast.score_at(n)
    return (
        f"{seen} The forecast for {count(n)} samples is {share(expected)}, 90 % "
        f"interval {share(low)} to {share(high)}."
    )


def _landscape(curve: SampleSizeCurve) -> str:
    sizes, smoothed = curve.columns["train_size"], curve.forecast.smoothed
    return (
        "Mean squared change of the loss by one more batch, smoothed: "
        f"{_ends(sizes, smoothed, number)}. {landscape_line(curve, curve.settings)}"
    )


def _classes(curve: SampleSizeCurve) -> str:
    by_class = curve.by_class
    said = (
        f"{by_class.classes[c]} {share(by_class.scores[-1, c])} "
        f"({gain(by_class.gains[c].expected)} with twice the data)"
        for c in shown_classes(by_class)
    )
    name = f"{by_class.score_name} of each {by_class.kind}"
    return f"Held-out {name}, the lowest first: {', '.join(said)}."


def _ends(sizes: np.ndarray, values: np.ndarray, told: Callable[[float], str]) -> str:
    first = f"{told(values[0])} with {count(sizes[0])} samples"
    if len(sizes) == 1:
        return first
    last = f"{told(values[-1])} with {count(sizes[-1])}"
    return f"from {first} to {last}, measured at {count(len(sizes))} sizes"


SAID: dict[str, Callable[[SampleSizeCurve], str]] = {
    "score": _scores,
    "delta": _landscape,
    "classes": _classes,
}
