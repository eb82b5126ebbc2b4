"""Numbers of the targets, from states and fits of one side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .work import Fit

__all__ = [
    "calibration",
    "coverage_of",
    "errors_of",
    "n_star_forecasts",
    "n_star_spread",
    "not_learnt",
    "sufficient",
    "twice_the_steps",
    "unused",
]

MIN_GAIN = 0.01
RIVALS = ["bounded power law", "half the last doubling"]
BINS = np.linspace(0, 1, 6)
NOT_LEARNT, SUFFICIENT = "has not learnt", "sufficient"
CLEARLY_ABOVE = 3.0
LEAST_SEEDS = 3


def errors_of(states: pd.DataFrame, what: str, truth: str) -> pd.DataFrame:
    """Errors of every forecast of a gain of the score, or of a fall of the loss."""
    prefix = f"{what} by "
    away = {
        name.removeprefix(prefix): states[name] - states[truth]
        for name in states
        if name.startswith(prefix)
    }
    return pd.DataFrame(
        {
            name: {
                "mean": error.abs().mean(),
                "median": error.abs().median(),
                "bias": error.mean(),
            }
            for name, error in away.items()
        }
    ).T


def coverage_of(states: pd.DataFrame, truth: str = "gain") -> dict:
    """How often the 90 % interval of the gain holds the truth, and its mean width."""
    low, high = states["said_gain_low"], states["said_gain_high"]
    held = (low <= states[truth]) & (states[truth] <= high)
    return {"covers": held.mean(), "width": (high - low).mean(), "states": len(states)}


def sufficient(states: pd.DataFrame) -> dict:
    """How often "sufficient" is said, wrong, wrong beyond noise, and missing."""
    said = states["said_verdict"] == SUFFICIENT
    unlearnt = states["said_verdict"] == NOT_LEARNT
    true = states["gain"] < MIN_GAIN
    clearly = states["gain"] - 2 * states["gain_std_err"] >= MIN_GAIN
    return {
        "states": len(states),
        "true": int(true.sum()),
        "true_and_learnt": int((true & ~unlearnt).sum()),
        "said": int(said.sum()),
        "wrong": int((said & ~true).sum()),
        "clearly_wrong": int((said & clearly).sum()),
        "right": int((said & true).sum()),
    }


def calibration(states: pd.DataFrame) -> pd.DataFrame:
    """Mean of `probability_sufficient_` and share that came true, in five bins."""
    known = states[states["said_probability"].notna()]
    bins = pd.cut(known["said_probability"], BINS, include_lowest=True)
    true = (known["gain"] < MIN_GAIN).groupby(bins, observed=False)
    said = known["said_probability"].groupby(bins, observed=False)
    return pd.DataFrame(
        {"states": said.size(), "said": said.mean(), "true": true.mean()}
    )


def unused(fits: Sequence[Fit], others: Sequence[Fit]) -> np.ndarray:
    """Points of test score that each fit leaves unused.

    The best that is known to be had of the same samples: by the fit itself, after twice
    its steps, or by any fit of the same pair and seed to them or to a part of them.
    """
    return np.array([_best_of(fit, others) - _score(fit) for fit in fits])


def _best_of(fit, others):
    of_the_same = [
        max(_score(one), np.nan_to_num(one.found["twice_scores"][0], nan=-np.inf))
        for one in [fit, *others]
        if (one.pair, one.seed) == (fit.pair, fit.seed) and one.n <= fit.n
    ]
    return max(of_the_same)


def _score(fit):
    return fit.found["test_scores"][0]


def twice_the_steps(fits: Sequence[Fit]) -> pd.DataFrame:
    """Change of the test score by twice the steps, at the largest size of each pair."""
    rows = [
        {
            "pair": fit.pair.name,
            "n": fit.n,
            "change": fit.found["twice_scores"][0] - _score(fit),
            "said": "training" in fit["limited_by"] or bool(_is_capped(fit)),
        }
        for fit in fits
    ]
    frame = pd.DataFrame(rows)
    largest = frame["n"] == frame.groupby("pair")["n"].transform("max")
    return frame[largest].groupby("pair", sort=False)[["change", "said"]].mean()


def _is_capped(fit):
    return fit.column("training_capped")[-1]


def not_learnt(fits: Sequence[Fit]) -> dict:
    """How often "has not learnt" is said, and wrong, as the test score is far above."""
    said = [fit for fit in fits if fit["verdict"] == NOT_LEARNT]
    wrong = [fit for fit in said if fit["above_constant"] > CLEARLY_ABOVE]
    unsaid = [
        fit
        for fit in fits
        if fit["verdict"] != NOT_LEARNT and fit["above_constant"] < 0
    ]
    return {
        "fits": len(fits),
        "said": len(said),
        "wrong": len(wrong),
        "below_constant_unsaid": len(unsaid),
    }


def n_star_spread(fits: Sequence[Fit]) -> pd.DataFrame:
    """Mean and coefficient of variation of n* over seeds, where it was reached.

    At the largest number of samples at which a pair was fitted with several seeds.
    """
    names = ["pair", "n", "n_star", "at_most"]
    rows = [(fit.pair.name, fit.n, fit["n_star"], fit["at_most"]) for fit in fits]
    frame = pd.DataFrame(rows, columns=names)
    seeds = frame.groupby(["pair", "n"])["n"].transform("size")
    frame = frame[seeds >= LEAST_SEEDS]
    frame = frame[frame["n"] == frame.groupby("pair")["n"].transform("max")]
    by_pair = frame.groupby("pair", sort=False)
    found = by_pair["n_star"].agg(["size", "count", "mean", "std"])
    found["cv"] = found["std"] / found["mean"]
    found["at_most"] = by_pair["at_most"].any()
    return found[found["count"] >= LEAST_SEEDS]


def n_star_forecasts(fits: Sequence[Fit]) -> pd.DataFrame:
    """Forecasts of n* by fits to which it was beyond the data, and n* from all data.

    The truth is that of the smallest larger fit of the same pair and seed that reached
    it; `times` is how many times the data of the forecast it needed.
    """
    rows = []
    for now in fits:
        later = [
            one
            for one in fits
            if (one.pair, one.seed) == (now.pair, now.seed)
            and one.n > now.n
            and one["settled"]
        ]
        if not now["settled"] and later:
            rows.append(_forecast_row(now, min(later, key=lambda one: one.n)))
    return pd.DataFrame(rows)


def _forecast_row(now, later):
    truth, high = later["n_star"], now["n_needed_high"]
    return {
        "pair": now.pair.name,
        "chosen_on": now.pair.chosen_on,
        "times": later["n_train"] / now["n_train"],
        "error": now["n_needed"] / truth - 1,
        "covered": now["n_needed_low"] <= truth and (np.isnan(high) or truth <= high),
    }
