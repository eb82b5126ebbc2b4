"""The old default beside the new one, on the same samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .formats import percent, points, share
from .measures import (
    MIN_GAIN,
    RIVALS,
    coverage_of,
    errors_of,
    sufficient,
    unused,
)
from .states import OURS, states
from .work import Fit

__all__ = ["before_table", "side_by_side_table"]


def before_table(
    old: Sequence[Fit], to_the_end: Sequence[Fit], new: Sequence[Fit]
) -> pd.DataFrame:
    """One line for each default: "update", "update" to the end, and the new one."""
    samples = {_samples(fit) for fit in old}
    rivals = [*old, *to_the_end, *new]
    kinds = {
        "before": old,
        "before, to the end of the data": to_the_end,
        "now": [fit for fit in new if _samples(fit) in samples],
    }
    return pd.DataFrame(
        [_row(name, fits, rivals) for name, fits in kinds.items() if fits]
    )


def side_by_side_table(to_the_end: Sequence[Fit], new: Sequence[Fit]) -> pd.DataFrame:
    """Forecasts and verdicts of both trainings, of the same states."""
    samples = {_samples(fit) for fit in to_the_end}
    kinds = {
        "update": to_the_end,
        "converged": [fit for fit in new if _samples(fit) in samples],
    }
    return pd.DataFrame(
        [
            _states_row(name, rows)
            for name, fits in kinds.items()
            if len(rows := states(fits))
        ]
    )


def _states_row(name, rows):
    gains = errors_of(rows, "gain", "gain")["mean"]
    falls = errors_of(rows, "fall", "fall")["mean"]
    interval, enough = coverage_of(rows), sufficient(rows)
    return {
        "training": name,
        "states": len(rows),
        "gain of doubling (mean)": points(rows["gain"].mean()),
        "error of its forecast": points(gains[OURS]),
        "… of the best simple rule": points(gains[RIVALS].min()),
        "error of the fall of the loss": points(falls[OURS]),
        "… of a power law": points(falls["power law"]),
        "90 % interval covers": percent(interval["covers"]),
        "mean width": points(interval["width"]),
        "“sufficient” wrong": share(enough["wrong"], enough["said"]),
        "said, of all that should": share(enough["right"], enough["true"]),
    }


def _samples(fit):
    return fit.pair, fit.seed, fit.n


def _row(name, fits, rivals):
    left = unused(fits, rivals)
    steps = [fit.found["twice_scores"][0] - fit.found["test_scores"][0] for fit in fits]
    enough = np.array([fit["verdict"] == "sufficient" for fit in fits])
    used = np.median([fit["n_used"] / fit["n_train"] for fit in fits])
    return {
        "default": name,
        "fits": len(fits),
        "share of the data used (median)": percent(used),
        "test score in points (mean)": points(
            np.mean([fit.found["test_scores"][0] for fit in fits])
        ),
        "1 point or more unused": share(int((left >= MIN_GAIN).sum()), len(fits)),
        "unused (mean)": points(left.mean()),
        "twice the steps change > 0.5": share(
            int((np.abs(steps) > 0.005).sum()), len(fits)
        ),
        "“sufficient”": int(enough.sum()),
        "… with 1 point or more unused": int((enough & (left >= MIN_GAIN)).sum()),
        "“has not learnt”": sum(fit["verdict"] == "has not learnt" for fit in fits),
        "CPU s (median)": f"{np.median([fit['seconds'] for fit in fits]):.0f}",
    }
