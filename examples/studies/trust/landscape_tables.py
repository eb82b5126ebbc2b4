"""Tables of what was said about the landscape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .formats import SIDES, count, percent
from .measures import n_star_forecasts, n_star_spread
from .work import Fit

__all__ = [
    "coverage_table",
    "errors_table",
    "n_star_forecasts_table",
    "n_star_table",
    "variants_table",
]

BOUNDS = {"projected": "(3)", "one_batch": "(1)", "eigenvalue": "(2)"}
NORMAL_95 = 1.96


def n_star_table(fits: Sequence[Fit]) -> pd.DataFrame:
    """Spread of n* over seeds, one line for each pair whose landscape settles."""
    found = n_star_spread(fits)
    chosen = {fit.pair.name: fit.pair.chosen_on for fit in fits}
    return pd.DataFrame(
        {
            "pair": found.index,
            "side": [SIDES[chosen[name]].split()[0] for name in found.index],
            "seeds": found["size"].to_numpy(),
            "settled": found["count"].to_numpy(),
            "n*": found["mean"].map(count).to_numpy(),
            "CV": found["cv"].map(percent).to_numpy(),
            "first size measured": np.where(found["at_most"], "yes", ""),
        }
    )


def n_star_forecasts_table(fits: Sequence[Fit]) -> pd.DataFrame:
    """Forecasts of n* from part of the data that it takes."""
    rows, lines = n_star_forecasts(fits), []
    if not len(rows):
        return rows
    rows["times"] = rows["times"].round().astype(int)
    for (chosen, times), some in rows.groupby(["chosen_on", "times"]):
        known = some["error"].dropna()
        lines.append(
            {
                "pairs": f"{some['pair'].nunique()} {SIDES[chosen]}",
                "settled with": f"{times} times the data",
                "forecasts": len(some),
                "none given": int(some["error"].isna().sum()),
                "median abs. error": percent(known.abs().median()),
                "mean abs. error": percent(known.abs().mean()),
                "median error": percent(known.median()),
                "90 % interval covers": percent(some["covered"].mean()),
            }
        )
    return pd.DataFrame(lines)


def variants_table(fits: dict[str, Sequence[Fit]]) -> pd.DataFrame:
    """Change of n* by settings that should not affect it; the defaults have no name."""
    plain, lines = _n_stars(fits[""]), []
    for name, some in fits.items():
        found = _n_stars(some)
        for pair in dict.fromkeys(key[0] for key in found):
            both = [
                (found[key], plain[key])
                for key in found
                if key[0] == pair and key in plain
            ]
            after, before = np.array(both, dtype=float).reshape(-1, 2).T
            if name and len(after):
                change = after / before - 1
                lines.append(
                    {
                        "pair": pair,
                        "changed": name,
                        "seeds": len(after),
                        "n*": count(after.mean()),
                        "change": percent(np.mean(change)),
                        "largest of one seed": percent(np.abs(change).max()),
                    }
                )
    return pd.DataFrame(lines)


def _n_stars(fits):
    return {
        (fit.pair.name, fit.n, fit.seed): fit["n_star"]
        for fit in fits
        if fit["settled"]
    }


def coverage_table(cells: pd.DataFrame) -> pd.DataFrame:
    """How often each bound is above Delta, and its ratio to Delta, for every sigma."""
    lines = []
    for sigma, some in [*cells.groupby("sigma", sort=False), ("all", cells)]:
        line = {"sigma": sigma, "cells": len(some)}
        line["expected rise"] = f"{some['expected_rise'].median():.2g}"
        for name, number in BOUNDS.items():
            ratio = some[f"{name}_ratio"].median()
            line[f"{name} {number}"] = percent(some[f"{name}_covers"].mean(), 1)
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
        away, both = (value - reference).abs(), np.hypot(std_err, its_error)
        lines.append(
            {
                "curve": name,
                "cells": len(cells),
                "covered": percent((away <= NORMAL_95 * std_err).mean(), 1),
                "with the reference's own error": percent(
                    (away <= NORMAL_95 * both).mean(), 1
                ),
                "median std. error": percent((std_err / value).median(), 1),
            }
        )
    return pd.DataFrame(lines)
