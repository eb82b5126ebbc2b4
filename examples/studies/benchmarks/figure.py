"""The results as a bar chart."""

import matplotlib.pyplot as plt

__all__ = ["draw"]

COLOURS = {"ours": "#0072b2", "peer": "#b0b0b0", "floor": "#e0c080"}


def draw(rows: list[dict]):
    """Draw horizontal bars of the speed relative to the fastest accurate peer."""
    rows = [row for row in rows if row.get("ratio")]
    figure, axes = plt.subplots(
        figsize=(7, 0.9 + 0.2 * _heights(rows)[-1]), layout="constrained"
    )
    heights = _heights(rows)
    ratios = [row["ratio"] for row in rows]
    for row, y in zip(rows, heights, strict=True):
        _bar(axes, row, y)
    axes.set_yticks(heights, [row["entry"] for row in rows], fontsize=8)
    axes.set_ylim(heights[-1] + 0.8, heights[0] - 1.6)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlim(min(ratios) / 2.5, max(max(ratios), *_targets(rows)) * 2.5)
    axes.set_xlabel("speed relative to the fastest peer (CPU time, one core)")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    _name_workloads(axes, rows, heights)
    _add_legend(axes, rows)
    return figure


def _heights(rows):
    """Vertical positions of the bars, with space between workloads."""
    heights, y, before = [], 0.0, None
    for row in rows:
        y += 1.0 if row["workload"] == before else 2.6
        heights.append(y)
        before = row["workload"]
    return heights


def _bar(axes, row, y):
    faint = row["accurate"] is False
    axes.barh(
        y,
        row["ratio"] - 1,
        left=1,
        color=COLOURS[row["kind"]],
        alpha=0.35 if faint else 1.0,
    )
    if row["ratio"] == 1:
        axes.plot(1, y, "o", color=COLOURS[row["kind"]], markersize=4)
    text = f" {row['ratio']:.2g}{' (inaccurate)' if faint else ''} "
    side = "left" if row["ratio"] >= 1 else "right"
    axes.text(row["ratio"], y, text, va="center", ha=side, fontsize=7)
    if row["target_ratio"]:
        axes.plot([row["target_ratio"]] * 2, [y - 0.45, y + 0.45], "k-", linewidth=1.6)


def _targets(rows):
    return [row["target_ratio"] for row in rows if row["target_ratio"]] or [1.0]


def _name_workloads(axes, rows, heights):
    seen = set()
    for row, y in zip(rows, heights, strict=True):
        if row["workload"] not in seen:
            place = {"transform": axes.get_yaxis_transform(), "ha": "right"}
            axes.text(
                -0.01, y - 1.1, row["workload"], weight="bold", fontsize=8, **place
            )
        seen.add(row["workload"])


def _add_legend(axes, rows):
    kinds = [kind for kind in COLOURS if any(row["kind"] == kind for row in rows)]
    marks = [plt.Rectangle((0, 0), 1, 1, color=COLOURS[kind]) for kind in kinds]
    marks.append(plt.Line2D([], [], color="black", marker="|", ms=9, mew=1.6, lw=0))
    labels = [*kinds, "target"]
    axes.figure.legend(
        marks, labels, fontsize=8, frameon=False, ncols=4, loc="outside upper right"
    )
