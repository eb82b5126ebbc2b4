"""Tables and figure of labels bought in rounds, and of the assurance."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sufficient.display.style import COLORS

from .judging import OURS
from .policies import ASSURANCES, MARGINS, assured, with_margin
from .weighted import mean, percent

__all__ = ["assurance_table", "chosen_table", "draw", "rounds_table"]

# The margin that missed least on the tables for learning and validation.
MARGIN = 0.06
SHOWN = (
    OURS,
    f"{OURS}, until the score is seen",
    "doubling until the score is seen",
    "one order by POW3",
    with_margin(MARGIN),
)
FEW, MANY = "about 1,000", "10,000"
GOAL = 0.1, 1.3


def rounds_table(rows: pd.DataFrame, policies=SHOWN) -> pd.DataFrame:
    """Targets missed and samples spent, for few and for many held-out samples."""
    lines = rows[rows["policy"].isin(policies)].copy()
    many = lines["n_held_out"].notna()
    lines["held out"] = np.where(many, MANY, FEW)
    groups = lines.groupby(["held out", "policy"], sort=False)
    table = pd.DataFrame(
        {"held-out samples": held_out, "policy": name} | _shares(some)
        for (held_out, name), some in groups
    )
    return table.sort_values("held-out samples", key=lambda c: c == MANY, kind="stable")


def chosen_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Every margin on the power law's target, on the tables that choose it."""
    return rounds_table(rows[rows["n_held_out"].isna()], [*map(with_margin, MARGINS)])


def assurance_table(rows: pd.DataFrame) -> pd.DataFrame:
    """How often a size is named, and how often it reaches the target."""
    groups = {f"{100 * step:g} points": some for step, some in rows.groupby("step")}
    return pd.DataFrame(
        {
            "target above the last score": name,
            "asked": len(some),
            "a size is named": percent(mean(some, some["named"])),
            "judged": some["reached"].notna().sum(),
            "reached": percent(mean(some, some["reached"])),
        }
        for name, some in {**groups, "all": rows}.items()
    )


def draw(found: list[dict], folder: Path) -> None:
    """Save the figure: targets missed against samples spent, for every policy."""
    rows = pd.DataFrame(found)
    rows = rows[rows["n_held_out"].isna()]
    folder.mkdir(exist_ok=True)
    fig, ax = plt.subplots(figsize=(5.2, 3.4), layout="constrained")
    at = partial(_place, rows)
    lines = {
        OURS: ([*map(assured, ASSURANCES)], "o-", COLORS["delta"]),
        "POW3 in five rounds": ([*map(with_margin, MARGINS)], "s--", COLORS["answer"]),
    }
    for label, (names, style, color) in lines.items():
        spent, missed = zip(*map(at, names), strict=True)
        ax.plot(spent, missed, style, ms=4, color=color, label=label)
    for name, marker in zip(SHOWN[1:4], "D^v", strict=True):
        ax.plot(*at(name), marker, color="0.35", label=name)
    missed, spent = GOAL
    ax.fill_between([1, spent], 0, 100 * missed, color="0.5", alpha=0.2, lw=0)
    ax.set(xlabel="samples spent / fewest possible (median)", xlim=(1, None))
    ax.set(ylabel="targets missed (%)", ylim=(0, None))
    ax.legend(frameon=False, fontsize="small")
    fig.savefig(folder / "rounds.png", dpi=150)
    plt.close(fig)


def _place(rows, name):
    some = rows[rows["policy"] == name]
    return some["spent"].median(), 100 * mean(some, some["missed"])


def _shares(some):
    return {
        "buyers": len(some),
        "missed": percent(mean(some, some["missed"])),
        "spent, mean (median)": _spent(some, "spent"),
        "score seen: missed": percent(mean(some, some["missed_seen"])),
        "spent": _spent(some, "spent_seen"),
        "rounds": f"{mean(some, some['rounds']):.1f}",
        "to the end of the curve": percent(mean(some, some["at_end"])),
    }


def _spent(some, what):
    return f"{mean(some, some[what]):.2f} ({np.nanmedian(some[what]):.2f})"
