"""The results as tables."""

from __future__ import annotations

from functools import partial

import pandas as pd

from .points import CELL, of_cells, points_lost
from .variants import CONVERGED, EARLY, HALVES, UPDATE, shipped

__all__ = ["TABLES"]

KINDS = {True: "chosen on", False: "reported on"}
# In the table of the pairs.
RIVALS = {
    "converged": CONVERGED,
    "averaged, plain loss": "averaged weights, plain loss",
    "early stopping": EARLY,
    "update": UPDATE,
}
MANY = 900


def regimes_table(rows: pd.DataFrame, chosen_on: bool) -> pd.DataFrame:
    """What each regime loses against the best of all, and what it costs."""
    rows = rows[rows["chosen_on"] == chosen_on]
    if not len(rows):
        return rows
    lost, losses = points_lost(rows), of_cells(rows, "loss")
    above = losses.sub(losses.min(axis=1), axis=0)
    many = lost[lost.index.get_level_values("n") >= MANY]
    return pd.DataFrame(
        {
            "regime": lost.columns,
            "points lost": lost.mean().map("{:.2f}".format),
            "nine in ten below": lost.quantile(0.9).map("{:.2f}".format),
            "worst": [_worst(lost[name]) for name in lost],
            f"n ≥ {MANY}: mean, worst": _mean_and_worst(many, "{:.2f}"),
            "plain loss above the least: mean, worst": _mean_and_worst(above, "{:.3f}"),
            "steps": of_cells(rows, "steps").mean().map("{:,.0f}".format),
        }
    )


def pairs_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Points lost, pair by pair: worst size / mean."""
    lost, scores = points_lost(rows), 100 * of_cells(rows, "score")[CONVERGED]
    groups = sorted(lost.groupby(CELL[:2], sort=False), key=lambda one: not one[0][0])
    return pd.DataFrame(
        {
            "pair": pair,
            "side": KINDS[chosen],
            **{
                title: f"{some[name].max():.2f} / {some[name].mean():.2f}"
                for title, name in RIVALS.items()
            },
            "converged: test score": ", ".join(
                f"{n:,}: {score:.1f}" for n, score in scores[chosen, pair].items()
            ),
        }
        for (chosen, pair), some in groups
    )


def starts_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Scores against those of a fresh start at the same size."""
    scores, steps = 100 * of_cells(rows, "score"), of_cells(rows, "steps")
    # At the first size nothing came before.
    later = scores.index.get_level_values("n") > rows["n"].min()
    return pd.DataFrame(
        {
            "start": start,
            "pairs": f"{len(some.groupby('pair'))} {KINDS[chosen]}",
            "score": f"{some.mean():+.2f}",
            "worst pair": f"{some.groupby('pair').mean().min():+.2f}",
            "worst size": _least(some),
            "steps": f"{steps.loc[some.index, start].sum() / fresh.sum():.2f} x",
        }
        for start in scores.columns.drop(CONVERGED)
        for chosen, some in (scores[start] - scores[CONVERGED])[later].groupby(
            "chosen_on", sort=False
        )
        for fresh in [steps.loc[some.index, CONVERGED]]
    )


def constants_table(rows: pd.DataFrame) -> pd.DataFrame:
    """What other values of a constant change."""
    scores, steps = 100 * of_cells(rows, "score"), of_cells(rows, "steps").mean()
    changes = scores.sub(scores[CONVERGED], axis=0)
    return pd.DataFrame(
        {
            "constant": title,
            "library": f"{shipped(title):,.4g}",
            "instead": value,
            "score": f"{changes[name].mean():+.2f}",
            "worst": _least(changes[name]),
            "steps": f"{steps[name] / steps[CONVERGED]:.2f} x",
        }
        for name in scores.columns.drop(CONVERGED)
        for title, value in [name.split(": ")]
    )


def held_out_table(rows: pd.DataFrame) -> pd.DataFrame:
    """How much too good the score is on samples that chose the weights, in points.

    Half: on each half, the score of the weights it chose minus the score of those that
    the other half chose. All: the score on all of them minus that on the test set.
    """
    return pd.DataFrame(
        {
            "chosen by": measure,
            "pairs": f"{some['pair'].nunique()} {KINDS[chosen]}",
            "half": _bias(_of_halves(some, *names[1:])),
            "all": _bias(_of_all(some, names[0])),
        }
        for measure, names in HALVES.items()
        for chosen, some in rows.groupby("chosen_on", sort=False)
    )


def _of_halves(rows, *names):
    first, second = (_halves(rows, name) for name in names)
    return (first[0] - second[0] + second[1] - first[1]) / 2


def _of_all(rows, name):
    test = rows[rows["variant"] == name].set_index([*CELL, "seed"])["score"]
    return _halves(rows, name).mean(axis=1) - test


def _halves(rows, name):
    some = rows[rows["variant"] == name].set_index([*CELL, "seed"])["halves"]
    return pd.DataFrame(some.tolist(), some.index)


def _bias(some):
    return f"{100 * some.mean():+.2f} ± {100 * some.sem():.2f}"


def _mean_and_worst(cells, number):
    worst = cells.max().map(number.format)
    return cells.mean().map(number.format) + ", " + worst


def _worst(cells):
    _, pair, n = cells.idxmax()
    return f"{cells.max():.2f} ({pair}, {n:,})"


def _least(cells):
    _, pair, n = cells.idxmin()
    return f"{cells.min():+.2f} ({pair}, {n:,})"


# By the name of the table: the part with its rows, and the function that makes it.
TABLES = {
    "chosen on": ("regimes", partial(regimes_table, chosen_on=True)),
    "reported on": ("regimes", partial(regimes_table, chosen_on=False)),
    "pairs": ("regimes", pairs_table),
    "starts": ("starts", starts_table),
    "constants": ("constants", constants_table),
    "held out": ("held out", held_out_table),
}
