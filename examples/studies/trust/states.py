"""What was said at n samples, beside what came true at twice as many.

A state is a pair at one number of samples given; the fit to the next number has twice
the samples to train on. Its truth is how much higher the next fit scores on the test
set: the mean over the seeds (`gain`), and that of the one seed (`own_gain`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pandas as pd

from .baselines import FALLS, GAINS, quarter_of_the_gap, quarter_of_the_scaled_gap
from .data import SIZES
from .exam import spread
from .work import Fit

__all__ = ["OURS", "states"]

SAID = ("verdict", "probability", "gain", "gain_low", "gain_high", "n_train")
OURS = "sufficient"


def states(fits: Iterable[Fit]) -> pd.DataFrame:
    """One row for each seed of each state."""
    together = defaultdict(dict)
    for fit in fits:
        together[fit.pair][fit.n, fit.seed] = fit
    rows = [row for by_state in together.values() for row in _of_pair(by_state)]
    frame = pd.DataFrame(rows)
    if len(frame):
        largest = frame.groupby("pair")["n"].transform("max")
        frame["is_largest"] = frame["n"] == largest
    return frame


def _of_pair(fits):
    for n, following in pairwise(SIZES):
        seeds = [s for at, s in fits if at == n and (following, s) in fits]
        if seeds:
            both = [(fits[n, seed], fits[following, seed]) for seed in seeds]
            truth = _truth(both)
            yield from ({**truth, **_row(*one)} for one in both)


def _truth(both):
    """What doubling adds on average over the seeds, and the standard error of that."""
    scores = [
        after.found["test_scores"] - now.found["test_scores"] for now, after in both
    ]
    falls = [now["test_loss"] - after["test_loss"] for now, after in both]
    between = np.std([one[0] for one in scores], ddof=1) if len(both) > 1 else 0.0
    mean = np.mean(scores, axis=0)
    return {
        "seeds": len(both),
        "gain": mean[0],
        "gain_std_err": np.hypot(spread(mean), between / len(both) ** 0.5),
        "fall": np.mean(falls),
    }


def _row(now: Fit, after: Fit):
    n, scores = now.column("train_size"), now.column("validation_score")
    said = {f"said_{name}": now[name] for name in SAID}
    gains = {name: rule(n, scores) for name, rule in GAINS.items()}
    law = gains["bounded power law"]
    return {
        "pair": now.pair.name,
        "data": now.pair.data,
        "kind": now.pair.kind,
        "chosen_on": now.pair.chosen_on,
        "seed": now.seed,
        "n": now.n,
        "own_gain": now_to_after(now, after),
        "own_fall": now["test_loss"] - after["test_loss"],
        **said,
        f"gain by {OURS}": now["gain"],
        **{f"gain by {name}": gain for name, gain in gains.items()},
        f"gain by the mean of {OURS} and the law": (now["gain"] + law) / 2,
        **_falls(now, n),
    }


def now_to_after(now: Fit, after: Fit) -> float:
    """Gain of the test score from one fit to another."""
    return float(after.found["test_scores"][0] - now.found["test_scores"][0])


def _falls(now, n):
    """Forecasts of the fall of the loss, in the unit of the test loss."""
    held_out, seen = now.column("calibrated_loss"), now.column("calibrated_train_loss")
    falls = {name: rule(n, held_out) for name, rule in FALLS.items()}
    falls["gap/4"] = quarter_of_the_gap(held_out, seen)
    falls["gap/4, scaled"] = quarter_of_the_scaled_gap(n, held_out, seen)
    falls = {OURS: now["loss_fall"], **falls}
    return {f"fall by {name}": now["loss_unit"] * fall for name, fall in falls.items()}
