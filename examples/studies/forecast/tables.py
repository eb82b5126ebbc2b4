"""The results as tables. All data sets of a group count the same."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from ..common.pages import markdown
from .baselines import BASELINES
from .judging import MIN_GAIN, OURS
from .rounds_tables import assurance_table, chosen_table, rounds_table
from .users import NETS
from .weighted import mean, percent, ratio, weights

__all__ = ["tables"]

THRESHOLD, THRESHOLDS = 0.7, (0.5, 0.6, 0.7, 0.8, 0.9)
# Other ways to the size for a target.
SIZES = "POW3", "true curve"
BINS = (0, 0.2, 0.4, 0.6, 0.8)


def tables(parts: dict) -> dict[str, str]:
    """Markdown tables of the parts that were measured."""
    made = {
        name: table(pd.DataFrame(parts[part]))
        for name, (part, table) in TABLES.items()
        if part in parts
    }
    return {name: markdown(table) for name, table in made.items() if len(table)}


def learnt_table(found: pd.DataFrame) -> pd.DataFrame:
    """Hyperparameters and log scores, one line for each."""
    return found.map("{:.2f}".format).rename_axis("hyperparameter").reset_index()


def ablations_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Log scores, and what is lost on the tables for validation."""
    scores = rows.set_index("left out")
    scores["lost"] = scores["score: validate"].iloc[0] - scores["score: validate"]
    return scores.map("{:.3f}".format).reset_index()


def threshold_table(rows: pd.DataFrame) -> pd.DataFrame:
    """How often "enough" is wrong, and how often it is said, by threshold."""
    return pd.DataFrame(
        {"threshold": at}
        | {
            f"{name}: {what}": share
            for name, some in _groups(rows).items()
            if name in ("nets", "all but TabNet")
            for what, share in _enough(some, at).items()
        }
        for at in THRESHOLDS
    )


def errors_table(what: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Mean error of every forecast in points, and the median in brackets."""
    return pd.DataFrame(
        {"states": name, "number": _number(some, what), **_errors(some, what)}
        for name, some in _groups(rows).items()
        if some[what].notna().any()
    )


def enough_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage of the intervals, and how good "enough" is."""
    return pd.DataFrame(
        {
            "states": name,
            "covers, 2n": percent(mean(some, some["covers"])),
            "covers, 4n": percent(mean(some, some["covers_4n"])),
            "mean width, 2n": f"{100 * mean(some, some['width']):.2f}",
            **_enough(some, THRESHOLD),
        }
        for name, some in _groups(rows).items()
    )


def calibration_table(rows: pd.DataFrame) -> pd.DataFrame:
    """How often a doubling adds less than a point, by the probability forecast."""
    return pd.DataFrame(
        {
            "states": name,
            **{f"{low:.0%} to {low + 0.2:.0%}": _happened(some, low) for low in BINS},
        }
        for name, some in _groups(rows).items()
    )


def targets_table(rows: pd.DataFrame) -> pd.DataFrame:
    """How well the size is found that reaches the true score at 2n."""
    rows = rows[rows["gain"] >= MIN_GAIN]
    return pd.DataFrame(
        {"states": name, "number": _number(some, "gain"), **_targets(some)}
        for name, some in _groups(rows).items()
    )


# Name of a table: the part with its results, and the function that makes it.
TABLES = {
    "learnt": ("learn", learnt_table),
    "ablations": ("ablations", ablations_table),
    "threshold": ("threshold", threshold_table),
    "gains": ("judge", partial(errors_table, "gain")),
    "later": ("judge", partial(errors_table, "error_4n")),
    "enough": ("judge", enough_table),
    "calibration": ("judge", calibration_table),
    "targets": ("judge", targets_table),
    "assurance": ("assurance", assurance_table),
    "rounds chosen": ("rounds chosen", chosen_table),
    "rounds": ("rounds", rounds_table),
}


def _groups(rows):
    net, tabnet = rows["learner"].isin(NETS), rows["learner"] == "TabNet"
    few = rows["few"]
    masks = {
        "nets": net & ~few,
        "nets, fewer than two doublings left": net & ~few & rows["near_end"],
        "nets, n ≥ 4,096": net & ~few & (rows["n"] >= 4096),
        "all but TabNet": ~tabnet & ~few,
        "TabNet": tabnet,
        "nets, 3 to 5 sizes": net & few,
        "all but TabNet, 3 to 5 sizes": ~tabnet & few,
    }
    return {name: rows[mask] for name, mask in masks.items() if mask.any()}


def _number(some, what):
    some = some[some[what].notna()]
    return f"{len(some)} of {some['table'].nunique()} data sets"


def _errors(some, what):
    away = {
        n: 100 * (some[f"{n}: {what}"] - some[what]).abs() for n in (*BASELINES, OURS)
    }
    return {n: f"{mean(some, a):.2f} ({a.median():.2f})" for n, a in away.items()}


def _enough(some, at):
    """Wrong ones among what is called enough, and true ones that are so called."""
    called, true = some["probability"] > at, some["gain"] < MIN_GAIN
    weight = weights(some)
    return {
        '"enough" wrong': percent(ratio(weight[called & ~true], weight[called])),
        "said, of those true": percent(ratio(weight[called & true], weight[true])),
    }


def _targets(some):
    middle, sure = some["middle_size"], some["sure_size"]
    named = np.isfinite(sure)
    reached = ratio(weights(some)[named & (sure >= 1)], weights(some)[named])
    return {
        "within 1.5 x": _within(some, middle, 1.5),
        "within 2 x": _within(some, middle, 2),
        **{
            f"1.5 x: {name}": _within(some, some[f"{name}: size"], 1.5)
            for name in SIZES
        },
        "none named": percent(mean(some, np.isinf(middle))),
        "80 %: none named": percent(mean(some, ~named)),
        "80 %: reached, of those named": percent(reached),
    }


def _within(some, size, factor):
    """How often a size, in 2n, lies within a factor of the right one."""
    return percent(mean(some, (size < factor) & (size > 1 / factor)))


def _happened(some, low):
    within = (5 * some["probability"]).astype(int).clip(upper=4) == round(5 * low)
    true = weights(some)[within] * (some["gain"] < MIN_GAIN)[within]
    return f"{percent(ratio(true, weights(some)[within]), 0)} ({within.sum()})"
