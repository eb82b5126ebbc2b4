"""The pictures of an answer inside a page, with what they show in words."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from sufficient.display.sample_size import SampleSizeDisplay
from sufficient.display.scores import AHEAD, draw_forecast, draw_scores, score_name
from sufficient.display.style import size_axis
from sufficient.estimator import SampleSizeEstimator
from sufficient.report.landscape import landscape_line
from sufficient.report.markup import paragraph
from sufficient.report.numbers import count, number, share
from sufficient.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["figures_of"]

WITHOUT = (
    "The pictures are left out, because matplotlib is not installed where this page "
    "was made. Install it and make the page again."
)
# Characters of a drawing, above which an image of pixels is the smaller one.
MOST_DRAWN = 250_000
SIZE = (5.2, 4.2)
CAPTIONS = {
    "scores": "Score on held-out samples, with two standard errors, and its forecast",
    "landscape": "Change of the loss by one more batch, and the tolerance",
}
# The same file for the same fit: no date, and names that are not drawn at random.
PLAIN: dict[str, Any] = {"svg.hashsalt": "sufficient", "svg.fonttype": "path"}
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def figures_of(estimator: SampleSizeEstimator) -> str:
    """The pictures of a fitted estimator as HTML, or a sentence on why there are none.

    Parameters
    ----------
    estimator : SampleSizeEstimator
        Fitted.

    Returns
    -------
    str
    """
    if find_spec("matplotlib") is None:
        return paragraph(WITHOUT)
    from matplotlib import style

    said = {"scores": _scores(estimator), "landscape": _landscape(estimator)}
    with style.context(["default", PLAIN]):
        drawn = {
            name: _embedded(figure, name, said[name])
            for name, figure in _drawn(estimator).items()
        }
    shown = (
        f"<figure>\n{drawn[name]}\n<figcaption>{caption}</figcaption>\n</figure>"
        for name, caption in CAPTIONS.items()
    )
    return "\n".join(['<div class="figures">', *shown, "</div>"])


def _drawn(estimator: SampleSizeEstimator) -> dict[str, Figure]:
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

    made = {name: Figure(figsize=SIZE, layout="constrained") for name in CAPTIONS}
    axes = {name: figure.subplots() for name, figure in made.items()}
    _draw_scores(estimator, axes["scores"])
    SampleSizeDisplay.from_estimator(estimator, ax=axes["landscape"])
    for figure in made.values():
        # Below the panel, so that it hides nothing.
        for inside in figure.findobj(Legend):
            inside.remove()
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
    return made


def _draw_scores(estimator: SampleSizeEstimator, ax: Axes) -> None:
    sizes, forecast = estimator.train_sizes_, estimator.score_forecast_
    std_err = estimator.curves_["validation_score_std_err"]
    draw_scores(ax, sizes, estimator.score_curve_, std_err)
    if forecast is not None:
        draw_forecast(ax, forecast)
    size_axis(ax, sizes[0], sizes[-1] * (1 if forecast is None else AHEAD))
    ax.set(xlabel="training samples", ylabel=f"held-out {score_name(estimator)}")


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


def _scores(estimator: SampleSizeEstimator) -> str:
    sizes, scores = estimator.train_sizes_, estimator.score_curve_
    seen = f"Held-out {score_name(estimator)}: {_ends(sizes, scores, share)}."
    if estimator.score_forecast_ is None:
        return f"{seen} There is no forecast."
    n = AHEAD * sizes[-1]
    expected, (low, high) = estimator.score_forecast_.score_at(n)
    return (
        f"{seen} The forecast for {count(n)} samples is {share(expected)}, 90 % "
        f"interval {share(low)} to {share(high)}."
    )


def _landscape(estimator: SampleSizeEstimator) -> str:
    sizes, smoothed = estimator.train_sizes_, estimator.curves_["smoothed"]
    line = landscape_line(estimator.curve_, Settings.of(estimator))
    return (
        "Mean squared change of the loss by one more batch, smoothed: "
        f"{_ends(sizes, smoothed, number)}. {line}"
    )


def _ends(sizes: np.ndarray, values: np.ndarray, told: Callable[[float], str]) -> str:
    first = f"{told(values[0])} with {count(sizes[0])} samples"
    if len(sizes) == 1:
        return first
    last = f"{told(values[-1])} with {count(sizes[-1])}"
    return f"from {first} to {last}, measured at {count(len(sizes))} sizes"
