"""The table of targets: what was asked for, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .formats import SIDES, percent, points, share, share_between
from .measures import (
    RIVALS,
    calibration,
    coverage_of,
    errors_of,
    n_star_forecasts,
    n_star_spread,
    not_learnt,
    sufficient,
    twice_the_steps,
    unused,
)
from .states import OURS
from .work import Fit

__all__ = ["targets_table"]

LEAST_STATES = 10
# What was asked for, and what earlier fits had given.
TARGETS = {
    "1 point or more of test score unused": ("≤ 5 %", "67 %"),
    "twice the steps change ≤ 0.5 points, pairs": ("≥ 90 %, or said", "5 of 11"),
    "gain: mean abs. error": ("≤ 0.80 points", "1.28"),
    "gain: against the best simple rule": ("≤ 0.80 times", "0.98 times"),
    "fall of the loss: against a power law": ("≤ 0.75 times", "0.79 times (gap/4)"),
    "90 % interval covers": ("87 to 93 %", "87.6 %"),
    "… at the largest size": ("≥ 85 %", "79 %"),
    "… mean width": ("≤ 4 points", "5.3"),
    "“sufficient” wrong": ("≤ 8 %", "13 %"),
    "“sufficient” said, of those that should": ("≥ 75 %", "30 %"),
    "probability: worst of five bins off by": ("≤ 10 points", ""),
    "“has not learnt” wrong": ("≤ 1 %", "6 %"),
    "n* over seeds, pairs with CV ≤ 8 %": ("all", "7 to 35 %"),
    "n* from half the data: median abs. error": ("≤ 20 %", "35 %"),
    "… 90 % interval covers": ("80 to 95 %", "2 of 4"),
}


def targets_table(
    states: pd.DataFrame,
    followed: Sequence[Fit],
    fits: Sequence[Fit],
    rivals: Sequence[Fit],
) -> pd.DataFrame:
    """One line for each target, the two groups of pairs side by side.

    Parameters
    ----------
    states : DataFrame
        As of `states`.
    followed : sequence of Fit
        Fits of all pairs with the same seeds.
    fits : sequence of Fit
        All fits by default, for n*.
    rivals : sequence of Fit
        Fits of any kind, whose test scores others may have missed.
    """
    columns = {
        name: [
            *_of_training(_side(followed, chosen), rivals),
            *_of_gains(some),
            *_of_intervals(some),
            *_of_verdicts(some, _side(followed, chosen)),
            *_of_n_star(_side(fits, chosen)),
        ]
        for chosen, name in SIDES.items()
        if len(some := states[states["chosen_on"] == chosen])
    }
    table = pd.DataFrame(TARGETS.values(), columns=["target", "before"])
    table.insert(0, "what", list(TARGETS))
    return table.assign(**columns)


def _side(fits, chosen):
    return [fit for fit in fits if fit.pair.chosen_on == chosen]


def _of_training(fits, rivals):
    left, steps = unused(fits, rivals), twice_the_steps(fits)
    fine = steps["change"].abs() <= 0.005
    said = int((steps["said"][~fine] > 0).sum())
    others = "" if fine.all() else f"; said of {said} of the others"
    return (
        share_between(int((left >= 0.01).sum()), len(fits)),
        share_between(int(fine.sum()), len(steps)) + others,
    )


def _of_gains(states):
    gains, falls = (errors_of(states, what, what)["mean"] for what in ("gain", "fall"))
    n = len(states)
    return (
        f"{points(gains[OURS])} ({n} states)",
        f"{gains[OURS] / gains[RIVALS].min():.2f} times ({n})",
        f"{falls[OURS] / falls['power law']:.2f} times ({n})",
    )


def _of_intervals(states):
    largest = states[states["is_largest"]]
    return (
        share_between(*_covered(states)),
        share_between(*_covered(largest)),
        points(coverage_of(states)["width"]),
    )


def _covered(states):
    return round(coverage_of(states)["covers"] * len(states)), len(states)


def _of_verdicts(states, fits):
    enough, learnt, bins = sufficient(states), not_learnt(fits), calibration(states)
    off = (bins["said"] - bins["true"]).abs()[bins["states"] >= LEAST_STATES]
    beyond = enough["clearly_wrong"]
    return (
        f"{share_between(enough['wrong'], enough['said'])}; beyond error: {beyond}",
        share_between(enough["right"], enough["true"]),
        f"{100 * off.max():.0f} points ({len(off)} bins)" if len(off) else "",
        share_between(learnt["wrong"], learnt["fits"]),
    )


def _of_n_star(fits):
    spread, forecasts = n_star_spread(fits), n_star_forecasts(fits)
    steady = int((spread["cv"] <= 0.08).sum())
    worst = f"; worst {percent(spread['cv'].max())}" if len(spread) else ""
    shown = f"{share(steady, len(spread))}{worst}"
    if not len(forecasts):
        return shown, "", ""
    half = forecasts[np.round(forecasts["times"]) == 2]
    error = percent(half["error"].abs().median())
    covered = share_between(int(half["covered"].sum()), len(half))
    return shown, f"{error} ({half['error'].notna().sum()} of {len(half)})", covered
