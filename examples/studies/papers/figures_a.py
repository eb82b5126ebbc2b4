"""Paper A's pictures."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colormaps

from sufficient.display.style import COLORS, size_axis

from .curves import DEAD
from .settings import LETTER, OTHER

__all__ = ["PICTURES"]

DIFFERENCE = r"$|L_{k+1} - L_k|$ (nats)"
# The brightest part of the colour map is hardly visible on white.
BRIGHTEST = 0.88
MARKERS = "osD^v"
# With edges, flat surfaces in the palest colour are visible too.
EDGES = {"edgecolor": "0.35", "linewidth": 0.25, "rcount": 21, "ccount": 21}


def surfaces(part):
    """Draw figure 1: a loss surface, and its changes by one more sample at 3 sizes."""
    changes, k = np.array(part["changes"]), part["k"]
    figure = plt.figure(figsize=(11, 3.0))
    ax = _surface(figure, 1, part, part["losses"][-1], {"cmap": COLORS["losses"]})
    ax.set_title(f"(a) $L_k$ (nats)\nk = {k[-1]:,}", fontsize="medium")
    largest = np.abs(changes).max()
    style = {"cmap": COLORS["increments"], "vmin": -largest, "vmax": largest}
    for i, (change, size) in enumerate(zip(changes, k, strict=True)):
        ax = _surface(figure, i + 2, part, change, style)
        ax.set_zlim(min(changes.min(), 0), max(changes.max(), 0))
        root = part["root_mean_square"][i]
        title = (
            f"({'bcd'[i]}) $L_{{k+1}} - L_k$ (nats)\nk = {size:,}, r.m.s. {root:.2g}"
        )
        ax.set_title(title, fontsize="medium")
    figure.subplots_adjust(0, 0.02, 0.97, 0.89, wspace=0.12)
    return figure


def _surface(figure, place, part, heights, style):
    ax = figure.add_subplot(1, len(part["k"]) + 1, place, projection="3d")
    one, other = np.meshgrid(part["offsets"], part["offsets"], indexing="ij")
    ax.plot_surface(one, other, np.array(heights), **EDGES, **style)
    ax.set(xlabel=r"$\theta_1$", ylabel=r"$\theta_2$")
    ends = [part["offsets"][0], 0, part["offsets"][-1]]
    ax.set(xticks=ends, yticks=ends)
    ax.tick_params(labelsize=7)
    ax.set_box_aspect(None, zoom=0.95)
    return ax


def differences(part, *, data, kind):
    """Draw figures 2 to 5: left h varies, right L, with one row for each data set."""
    names = dict.fromkeys(r["data"] for r in part["rows"] if r["input"] == kind)
    names = [name for i, name in enumerate(names) if (i == 0) == (data == "first")]
    if not names:
        return None
    shape = {"figsize": (9, 3.3 * len(names)), "squeeze": False}
    figure, axes = plt.subplots(len(names), 2, layout="constrained", **shape)
    for name, pair in zip(names, axes, strict=True):
        for axis, ax in zip(("hidden", "layers"), pair, strict=True):
            order = _order(part, name, kind, axis)
            for place, row in enumerate(_rows(part, order)):
                _curve(ax, row, axis, place, len(order["sizes"]))
            _finish(ax, part, order)
    return figure


def _order(part, data, kind, axis):
    wanted = data, kind, axis
    orders = part["orders"]
    return next(o for o in orders if (o["data"], o["input"], o["axis"]) == wanted)


def _rows(part, order):
    """Results shown in one panel, in which only h or only L varies."""
    mine = [
        row
        for row in part["rows"]
        if (row["data"], row["input"]) == (order["data"], order["input"])
    ]
    other = OTHER[order["axis"]]
    values = [row[other] for row in mine]
    fixed = max(set(values), key=values.count)
    mine = [row for row in mine if row[other] == fixed]
    return sorted(mine, key=lambda row: row[order["axis"]])


def _curve(ax, row, axis, place, count):
    color = colormaps["viridis"](BRIGHTEST * place / max(count - 1, 1))
    label = f"{LETTER[axis]} = {row[axis]}"
    style = {"color": color, "marker": MARKERS[place], "ms": 3.5, "lw": 1.4}
    marks = _spread_marks(row["k"])
    ax.plot(row["k"], row["smoothed"], label=label, markevery=marks, **style)
    ax.fill_between(
        row["k"], row["lowest"], row["highest"], color=color, alpha=0.13, lw=0
    )


def _spread_marks(k):
    """Indices of marks that are about evenly spaced along the axis."""
    k = np.array(k)
    wanted = np.linspace(k[-1] / 12, k[-1], 6)
    return sorted({int(np.abs(k - one).argmin()) for one in wanted})


def _finish(ax, part, order):
    rows = _rows(part, order)
    lines = np.concatenate([row["smoothed"] for row in rows if _is_alive(row)])
    other = OTHER[order["axis"]]
    ax.set(yscale="log", xlabel="sample size k", ylabel=DIFFERENCE)
    ax.set_ylim(lines.min() / 2, lines.max() * 1.5)
    title = f"{order['data']}, {order['input']}, {LETTER[other]} = {rows[0][other]}"
    ax.set_title(title, fontsize="medium")
    ax.legend(fontsize="small", ncols=2, loc="upper right")
    _enlarge_end(ax, rows, order["axis"])


def _enlarge_end(ax, rows, axis):
    """Enlarge the later half of the curves in an inset, to show their order."""
    inset = ax.inset_axes([0.36, 0.36, 0.6, 0.36])
    alive = [row for row in rows if _is_alive(row)]
    for place, row in enumerate(rows):
        if row in alive:
            _curve(inset, row, axis, place, len(rows))
    last = rows[0]["k"][-1]
    shown = [
        value
        for row in alive
        for k, value in zip(row["k"], row["smoothed"], strict=True)
        if k >= last / 2
    ]
    inset.set(yscale="log", xlim=(last / 2, 1.02 * last))
    inset.set_ylim(min(shown) / 1.1, max(shown) * 1.1)
    inset.tick_params(which="both", labelsize="x-small", labelleft=False)


def _is_alive(row):
    return np.median(row["height"]) > DEAD


def rates(part):
    """Draw a curve before and after smoothing, and the heights of all curves."""
    data, kind = part["rows"][0]["data"], "pixels"
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    rows = _rows(part, _order(part, data, kind, "layers"))
    row = rows[len(rows) // 2]
    k = np.array(row["k"])
    deviation = np.median(row["deviation"])
    left.plot(k, row["raw"], "o", ms=2.5, color=COLORS["delta"], label="as measured")
    left.plot(k, row["smoothed"], color=COLORS["bound"], label="moving average, 0.99")
    left.plot(k, deviation / (k + 1), "k:", label=r"mean $|\ell_i - L|\,/\,(k+1)$")
    left.set(yscale="log", xlabel="sample size k", ylabel=DIFFERENCE)
    size_axis(left, k[0], k[-1])
    title = f"{data}, {kind}, h = {row['hidden']}, L = {row['layers']}"
    left.set_title(title, fontsize="medium")
    left.legend(fontsize="small")
    _heights_against_losses(right, part)
    return figure


def _heights_against_losses(ax, part):
    marks = dict.fromkeys((row["data"], row["input"]) for row in part["rows"])
    palette = [COLORS[name] for name in ("delta", "bound", "answer", "score")]
    for i, wanted in enumerate(marks):
        mine = [r for r in part["rows"] if (r["data"], r["input"]) == wanted]
        x = np.concatenate([row["mean_loss"] for row in mine])
        y = np.concatenate([row["height"] for row in mine])
        style = {"ms": 3.5, "color": palette[i % 4], "alpha": 0.7, "lw": 0}
        ax.plot(x, y, marker=MARKERS[i % 5], label=", ".join(wanted), **style)
    ax.set_xlabel("mean loss at the weights (nats)")
    ax.set_ylabel(r"height: mean of $(k+1)\,|L_{k+1} - L_k|$")
    ax.set_title("all networks, each seed a point", fontsize="medium")
    ax.legend(fontsize="x-small")


def distance(part):
    """Draw the height of the curve at distances R from the weights."""
    figure, ax = plt.subplots(figsize=(5.4, 3.5), layout="constrained")
    radii = np.array(part["radii"])
    names = {"leading": "leading eigenvector", "random": "random directions"}
    for (kind, label), color in zip(names.items(), ("bound", "delta"), strict=True):
        heights = np.array(part["heights"][kind])
        ax.plot(radii[1:], heights[1:], "o-", ms=4, color=COLORS[color], label=label)
    ax.axhline(heights[0], color="black", ls=":", label="at the weights, R = 0")
    start = np.array(part["heights"]["leading"])
    guide = radii[1:] ** 2 * (start[4] - start[0]) / radii[4] ** 2 + start[0]
    shown = guide < 3 * start.max()
    ax.plot(radii[1:][shown], guide[shown], "k--", lw=0.8, label=r"$+\,c\,R^2$")
    ax.set(xscale="log", yscale="log", xlabel="distance R (weights)")
    ax.set_ylabel(r"mean $|\ell_i - L|$ (nats)")
    ax.legend(fontsize="small")
    return figure


PICTURES = {
    "a1_surfaces": ("surfaces", surfaces),
    **{
        f"a{number}_{kind}": ("differences", partial(differences, data=data, kind=kind))
        for number, (data, kind) in enumerate(
            [(d, kind) for d in ("first", "others") for kind in ("pixels", "features")],
            start=2,
        )
    },
    "a6_rates": ("differences", rates),
    "a7_distance": ("distance", distance),
}
