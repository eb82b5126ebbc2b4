"""The results as tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["TABLES"]

BOUNDS = {"projected": "(3)", "one_batch": "(1)", "eigenvalue": "(2)"}
KINDS = {True: "chosen on", False: "reported on"}


def repeatability_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Spread of n* over seeds, one line for each pair."""
    return pd.DataFrame(
        {
            "pair": rows["pair"],
            "tol": rows["tol"].map("{:g}".format),
            "seeds": rows["seeds"],
            **_counted(rows, "n*", "n_star"),
            **_counted(rows, "real loss, tol/10", "monte_carlo"),
            **_counted(rows, "papers' rule", "papers_rule"),
            "CPU s a run": rows["cpu_seconds"].map("{:.0f}".format),
        }
    )


def paper_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Paper B's table, with its values and ours."""
    return pd.DataFrame(
        {
            "pair": rows["pair"],
            "tol": rows["tol"].map("{:g}".format),
            "k* (paper)": rows["k_star_paper"],
            "k*": _with_spread(rows, "k_star", "{:.0f}"),
            "seeds": rows["seeds"],
            "paper's rule, our runs": _with_spread(rows, "printed_rule", "{:.0f}"),
            "loss (paper)": rows["loss_paper"],
            "loss at k*": _with_spread(rows, "loss", "{:.3f}"),
            "test accuracy": _with_spread(rows, "score", "{:.3f}"),
            "s (paper)": rows["seconds_paper"],
            "CPU s": rows["cpu_seconds"].map("{:.0f}".format),
        }
    )


def coverage_table(cells: pd.DataFrame) -> pd.DataFrame:
    """How often each bound is above Delta, and its ratio to Delta, for every sigma."""
    lines = []
    for sigma, some in [*cells.groupby("sigma", sort=False), ("all", cells)]:
        line = {"sigma": sigma, "cells": len(some)}
        line["expected rise"] = f"{some['expected_rise'].median():.2g}"
        for name, number in BOUNDS.items():
            ratio = some[f"{name}_ratio"].median()
            line[f"{name} {number}"] = _percent(some[f"{name}_covers"].mean(), 1)
            line[f"median {number} / (4)"] = f"{ratio:.3g}"
        lines.append(line)
    return pd.DataFrame(lines)


def errors_table(cells: pd.DataFrame) -> pd.DataFrame:
    """Share of 95 % intervals that cover the reference."""
    lines = []
    for name in ("delta", "projected"):
        value, std_err, reference, its_error = (
            cells[f"{name}_{what}"]
            for what in ("value", "std_err", "reference", "reference_std_err")
        )
        away = (value - reference).abs()
        lines.append(
            {
                "curve": name,
                "cells": len(cells),
                "covered": _percent((away <= 1.96 * std_err).mean(), 1),
                "with the reference's own error": _percent(
                    (away <= 1.96 * np.hypot(std_err, its_error)).mean(), 1
                ),
                "median std. error": _percent((std_err / value).median(), 1),
            }
        )
    return pd.DataFrame(lines)


def forecasts_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors and coverage of forecasts from a quarter and from half of n*."""
    lines = []
    for (bound, chosen, share), some in rows.groupby(
        ["bound", "chosen_on", "share"], sort=False
    ):
        lines.append(
            {
                "bound": bound,
                "pairs": _pairs(some, chosen),
                "data up to": f"n*/{share}",
                "forecasts": len(some),
                "median abs. error": _percent(some["error"].abs().median()),
                "median error": _percent(some["error"].median()),
                "90 % interval covers": _percent(some["covered"].mean()),
            }
        )
    return pd.DataFrame(lines)


def verdicts_table(states: pd.DataFrame, min_gain: float = 0.01) -> pd.DataFrame:
    """How often the verdict "sufficient" is wrong, and how often it is missing."""
    lines = []
    states = states[states["held out"] == "default"]
    for chosen, some in states.groupby("chosen_on", sort=False):
        small, said = some["gain"] < min_gain, some["verdict"] == "sufficient"
        settled = some["verdict"].isin(["sufficient", "stable, still improving"])
        learnt = some["verdict"] != "has not learnt"
        lines.append(
            {
                "pairs": _pairs(some, chosen),
                "states": len(some),
                "doubling adds < 1 pt": int(small.sum()),
                '"sufficient"': int(said.sum()),
                "wrongly so": _share(said & ~small, said),
                "said, of all that should": _share(said & small, small),
                "of those that had learnt": _share(said & small, small & learnt),
                "of those that had settled": _share(said & small, small & settled),
            }
        )
    return pd.DataFrame(lines)


def gains_table(states: pd.DataFrame) -> pd.DataFrame:
    """Errors of the expected gain, in points of the score."""
    lines = []
    for (chosen, held_out), some in states.groupby(
        ["chosen_on", "held out"], sort=False
    ):
        away = 100 * (some["expected"] - some["gain"])
        held = (some["low"] <= some["gain"]) & (some["gain"] <= some["high"])
        large = some["n"] >= 1_024
        lines.append(
            {
                "pairs": _pairs(some, chosen),
                "held out": held_out,
                "states": len(some),
                "mean abs. error": _points(away.abs().mean()),
                "median abs. error": _points(away.abs().median()),
                "mean abs. error, n >= 1,024": _points(away[large].abs().mean()),
                "bias": _points(away.mean(), sign="+"),
                "90 % interval covers": _percent(held.mean()),
            }
        )
    return pd.DataFrame(lines)


def independence_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Change of n* by settings that should not affect it."""
    return pd.DataFrame(
        {
            "pair": rows["pair"],
            "variant": rows["variant"],
            "seeds": rows["seeds"],
            "n*": rows["n_star"].map(_count),
            "change": rows["change"].map("{:+.1%}".format),
            "largest of one seed": rows["largest_change"].map(_percent),
        }
    )


# Name of a table: the part with its rows, and the function that makes it.
TABLES = {
    "repeatability": ("repeatability", repeatability_table),
    "paper": ("paper", paper_table),
    "coverage": ("coverage", coverage_table),
    "errors": ("errors", errors_table),
    "forecasts": ("forecasts", forecasts_table),
    "verdicts": ("states", verdicts_table),
    "gains": ("states", gains_table),
    "independence": ("independence", independence_table),
}


def _counted(rows, title, name):
    """Two columns: mean with number of runs, and coefficient of variation."""
    reached = rows[f"{name}_reached"].map(" ({})".format)
    means = (rows[name].map(_count) + reached).where(rows[name].notna(), "")
    return {title: means, f"CV of {title}": rows[f"{name}_cv"].map(_percent)}


def _with_spread(rows, name, form):
    pairs = zip(rows[name], rows[f"{name}_sd"], strict=True)
    return [
        " ± ".join(form.format(value) for value in pair if not pd.isna(value))
        for pair in pairs
    ]


def _pairs(rows, chosen):
    return f"{rows['pair'].nunique()} {KINDS[chosen]}"


def _points(value, sign=""):
    return "" if pd.isna(value) else f"{value:{sign}.2f} pt"


def _percent(share, digits=0):
    return "" if pd.isna(share) else f"{share:.{digits}%}"


def _count(n):
    return "" if pd.isna(n) else f"{n:,.0f}"


def _share(part, whole):
    if not whole.sum():
        return "none"
    return f"{part.sum() / whole.sum():.0%} ({part.sum()} of {whole.sum()})"
