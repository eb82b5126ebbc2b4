"""Paper B's pictures."""

import matplotlib.pyplot as plt
import numpy as np

from sufficient.display import LandscapeDisplay, SpectrumDisplay
from sufficient.display.style import COLORS, LABELS, size_axis

__all__ = ["PICTURES"]

LINES = ("-", "--", ":")
SHADES = {"delta": COLORS["delta"], "eigenvalue": COLORS["bound"]}
BATCHES = "k (batches of 64)"
RATIOS = [digit * 10.0**power for power in range(-5, 5) for digit in (1, 2, 3, 5, 7)]


def landscape(part, *, place):
    """Draw loss surfaces at three sizes, and their changes by the next batch."""
    runs = [run for run in part["runs"] if run["surfaces"]]
    if place >= len(runs):
        return None
    numbers = {key: np.array(v) for key, v in runs[place]["surfaces"].items()}
    figure = LandscapeDisplay(**numbers).plot().figure_
    figure.suptitle(runs[place]["data"], fontsize="medium")
    return figure


def spectrum(part, *, place):
    """Draw eigenvalues along k, and their changes by the next batch."""
    runs = [run for run in part["runs"] if run["seed"] == 0]
    if place >= len(runs):
        return None
    run = runs[place]
    figure = (
        SpectrumDisplay(
            train_sizes=np.array(run["curves"]["train_size"]),
            eigenvalues=np.array(run["eigenvalues"]),
            eigenvalue_shifts=np.array(run["eigenvalue_shifts"]),
        )
        .plot()
        .figure_
    )
    figure.suptitle(run["data"], fontsize="medium")
    return figure


def delta(part):
    """Draw Monte-Carlo Delta, and Delta times k^2, with a line for each seed."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    colors = dict(zip(_names(part), ("delta", "bound"), strict=False))
    for run in part["runs"]:
        k, values = _curve(run, "delta")
        style = {"color": COLORS[colors[run["data"]]], "lw": 1, "ms": 2.5, "alpha": 0.8}
        style["label"] = _once(run["data"], run)
        left.plot(k, values, "o-", **style)
        right.plot(k, values * k**2, "o-", **style)
    _guide(left, part)
    left.set_ylabel(LABELS["delta"])
    right.set_ylabel(r"$\Delta_k \, k^2$ (loss²)")
    for ax in (left, right):
        _finish(ax, k)
    right.set_yscale("linear")
    right.set_ylim(bottom=0)
    return figure


def formula(part):
    """Draw formula (2) dashed, Monte-Carlo Delta solid, and the tolerance."""
    figure, panels = _panels(part, LABELS["delta"])
    for ax, runs in panels:
        for run in runs:
            for curve, line in (("eigenvalue", "--"), ("delta", "-")):
                k, values = _curve(run, curve)
                meaning = {"delta": "monte_carlo"}.get(curve, curve)
                style = {"color": SHADES[curve], "label": _once(LABELS[meaning], run)}
                ax.plot(k, values, line, lw=1.1, alpha=0.8, **style)
        tol = runs[0]["tol"]
        ax.axhline(tol, color="black", ls=":", label=f"tol = {tol:g}")
        _finish(ax, k)
    return figure


def plateau(part):
    """Draw relative eigenvalue shifts and Delta, each divided by its threshold."""
    figure, panels = _panels(part, "in units of the threshold")
    for ax, runs in panels:
        for run in runs:
            k, values = _curve(run, "delta")
            shifts = np.array(run["relative_shifts"]) / 0.01
            style = {"color": COLORS["answer"], "lw": 1.1, "alpha": 0.8}
            label = _once("eigenvalue shift / 1 %", run)
            ax.plot(k, shifts, "--", label=label, **style)
            style["color"] = COLORS["delta"]
            label = _once(r"$\Delta_k$ / tol", run)
            ax.plot(k, values / run["tol"], "-", label=label, **style)
        ax.axhline(1, color="black", ls=":")
        _finish(ax, k)
    return figure


def _panels(part, label):
    """A figure with one panel for each data set; also the axes and runs of each."""
    names = _names(part)
    shape = {"figsize": (4.5 * len(names), 3.6), "squeeze": False, "sharey": True}
    figure, axes = plt.subplots(1, len(names), layout="constrained", **shape)
    axes[0, 0].set_ylabel(label)
    for ax, name in zip(axes[0], names, strict=True):
        ax.set_title(name, fontsize="medium")
    runs = [[run for run in part["runs"] if run["data"] == name] for name in names]
    return figure, list(zip(axes[0], runs, strict=True))


def _once(label, run):
    """The label for the first seed only, so that it appears once in the legend."""
    return label if run["seed"] == 0 else None


def published(part):
    """Draw Delta in one direction and in ten, and formula (2)."""
    figure, ax = plt.subplots(figsize=(6.2, 3.8), layout="constrained")
    k = [row["k"] for row in part["rows"]]
    style = {"one": ("s", "score"), "all": ("o", "delta")}
    words = {"one": "one direction, as their code", "all": "ten directions, as defined"}
    for name, (mark, color) in style.items():
        values = np.array([row[name] for row in part["rows"]])
        reach = 2 * np.array([row[f"{name}_std_err"] for row in part["rows"]])
        low = np.minimum(reach, 0.9 * values)
        bars = {"fmt": f"{mark}-", "ms": 4, "lw": 1.2, "capsize": 2}
        ax.errorbar(
            k, values, [low, reach], color=COLORS[color], label=words[name], **bars
        )
    values = [row["formula"] for row in part["rows"]]
    label = "formula (2), ten eigenvalues"
    ax.plot(k, values, "D--", ms=3.5, color=COLORS["bound"], label=label)
    ax.set_ylabel(LABELS["delta"])
    ax.set_title(f"{part['data']}, one next batch", fontsize="medium")
    _finish(ax, k)
    return figure


def plane(part):
    """Draw ratios of formulas to Delta, and the Monte-Carlo error against the draws."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for sigma, line in zip((1.0, 0.1), LINES, strict=False):
        rows = [row for row in part["rows"] if row["sigma"] == sigma]
        d = [row["d"] for row in rows]
        for name, color in (("formula", "bound"), ("second_order", "answer")):
            ratio = [row[name] / row["monte_carlo"] for row in rows]
            words = {"formula": "formula (2)", "second_order": "second-order model"}
            label = rf"{words[name]}, $\sigma$ = {sigma:g}"
            left.plot(d, ratio, f"o{line}", ms=4, color=COLORS[color], label=label)
    left.axhline(1, color="black", lw=0.8)
    left.set(xscale="log", yscale="log", xlabel="directions d")
    left.set_ylabel("ratio to the real loss, Monte Carlo")
    left.set_xticks(d, d)
    _plain_ratios(left)
    left.legend(fontsize="small")
    _draw_spread(right, part["spread"])
    return figure


def _draw_spread(ax, spread):
    counts = np.array([int(size) for size in spread])
    errors = np.array(list(spread.values()))
    ax.plot(counts, errors, "o-", ms=4, color=COLORS["delta"], label="over blocks")
    guide = np.exp(np.mean(np.log(errors * np.sqrt(counts)))) / np.sqrt(counts)
    ax.plot(counts, guide, "k:", label=r"$\propto 1/\sqrt{K}$")
    ax.set(xscale="log", yscale="log", xlabel="Monte-Carlo draws K")
    ax.set_ylabel(r"relative standard error of $\Delta_k$")
    ax.set_xticks(counts, counts)
    _plain_ratios(ax)
    ax.legend(fontsize="small")


def _plain_ratios(ax):
    """Tick labels without exponents."""
    low, high = ax.get_ylim()
    shown = [r for r in RATIOS if low <= r <= high]
    ax.set_yticks(shown, [f"{ratio:g}" for ratio in shown])
    ax.minorticks_off()


def _finish(ax, k):
    ax.set(yscale="log", xlabel=BATCHES)
    size_axis(ax, k[0], k[-1])
    ax.legend(fontsize="small")


def _names(part):
    return list(dict.fromkeys(run["data"] for run in part["runs"]))


def _curve(run, name):
    return np.array(run["curves"]["batch_count"]), np.array(run["curves"][name])


def _guide(ax, part):
    k, values = _curve(part["runs"][0], "delta")
    label = r"$\propto 1/k^2$"
    ax.plot(k, 2 * values[0] * (k[0] / k) ** 2, "k:", label=label)


def _placed(picture, place):
    return lambda part: picture(part, place=place)


PICTURES = {
    "b1_surfaces_first": ("growth", _placed(landscape, 0)),
    "b1_surfaces_second": ("growth", _placed(landscape, 1)),
    "b2_spectrum_first": ("growth", _placed(spectrum, 0)),
    "b2_spectrum_second": ("growth", _placed(spectrum, 1)),
    "b3_delta": ("growth", delta),
    "b4_formula": ("growth", formula),
    "b5_plateau": ("growth", plateau),
    "b6_published": ("published", published),
    "b7_gap": ("plane", plane),
}
