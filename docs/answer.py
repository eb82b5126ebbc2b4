"""Draw the picture of the landing page: ``python docs/answer.py``, a few seconds.

The score of a default fit to 3,000 images of Fashion-MNIST and its forecast, once for
light pages and once for dark ones.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from sufficient import SampleSizeEstimator
from sufficient.datasets import load_fashion_mnist

IMAGES = Path(__file__).parent / "images"
LIGHT = {"page": "white", "text": "#222832", "score": "#0072b2", "forecast": "#c44e00"}
DARK = {"page": "none", "text": "#ced6dd", "score": "#56b4e9", "forecast": "#f5a623"}
STYLE = {
    "font.size": 12,
    "svg.hashsalt": "sufficient",  # the same file at every run
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
}


def draw(est, page, text, score, forecast):
    """Draw scores, forecast and gain of a fitted estimator."""
    n, curves = est.n_train_, est.curves_
    plt.rcParams.update({**STYLE, "text.color": text})
    figure, ax = plt.subplots(figsize=(6, 3.9), facecolor=page, layout="constrained")
    ahead = np.geomspace(n, 4 * n, 30)
    middle, intervals = zip(*map(est.score_at, ahead), strict=True)
    ax.fill_between(ahead, *np.transpose(intervals), color=forecast, alpha=0.25, lw=0)
    ax.plot(ahead, middle, "--", color=forecast, lw=2)
    error = 2 * curves["validation_score_std_err"]
    shown = {"fmt": "o", "color": score, "ms": 5, "capsize": 2}
    ax.errorbar(curves["train_size"], curves["validation_score"], error, **shown)
    write(ax, est, text, score, forecast)
    return figure


def write(ax, est, text, score, forecast):
    """Say in words what is seen."""
    n, gain, (low, high) = est.n_train_, *est.gain_from_data_
    ax.axvline(n, color=text, lw=1, ls=":")
    ax.axvline(2 * n, color=text, lw=1, ls=":")
    bottom = {"rotation": 90, "va": "bottom", "ha": "right", "color": text}
    ax.text(n * 0.96, 0.605, f"your data, {n:,}", **bottom)
    ax.text(2 * n * 0.96, 0.605, "twice the data", **bottom)
    interval = f"{100 * low:.1f} to {100 * high:.1f}"
    added = f"should add\n{100 * gain:+.1f} points\n({interval})"
    ax.text(2.15 * n, 0.72, added, color=forecast, weight="bold")
    ax.text(4.3 * n, 0.885, "forecast", color=forecast, weight="bold")
    ax.text(120, 0.83, "measured", color=score, weight="bold")
    ax.set_xscale("log")
    ax.set(xlim=(50, 11 * n), xlabel="training samples")
    ax.set(ylim=(0.6, 0.95), ylabel="accuracy")
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_title(f"{est.verdict_[0].upper()}{est.verdict_[1:]}", weight="bold")
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_color(text)
        axis.set_tick_params(colors=text, which="both")
    for spine in ax.spines.values():
        spine.set_color(text)


if __name__ == "__main__":
    X, y = load_fashion_mnist(n_samples=3_000)
    est = SampleSizeEstimator(random_state=0).fit(X, y)
    print(est.summary())
    for theme, colours in {"light": LIGHT, "dark": DARK}.items():
        target = IMAGES / f"answer_{theme}.svg"
        draw(est, **colours).savefig(target, metadata={"Date": None})
