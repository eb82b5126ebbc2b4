"""Forecasts of the library and of the baselines, beside the truth."""

from __future__ import annotations

import numpy as np

from sufficient.decision.forecast_scores import forecast_scores

from ..common.quiet import quiet
from .baselines import BASELINES
from .users import State

__all__ = ["MIN_GAIN", "OURS", "judged"]

OURS, MIN_GAIN = "this library", 0.01


def judged(state: State, with_baselines: bool) -> dict:
    """Truth, forecasts, intervals and probability for one state."""
    x = np.log2(state.n / state.n[-1])
    row = _truth(state) | _ours(state)
    for name, baseline in BASELINES.items() if with_baselines else ():
        row[f"{name}: gain"], row[f"{name}: error_4n"] = baseline(x, state.errors)
    return row


def _truth(state):
    now, twice, four_times = map(float, state.truth)
    return {
        "table": state.table,
        "learner": state.learner,
        "n": float(state.n[-1]),
        "few": state.few,
        "near_end": state.near_end,
        "gain": now - twice,
        "error_4n": four_times,
    }


def _ours(state):
    right, trained_right = 1 - state.errors, 1 - state.train_errors
    forecast = forecast_scores(
        state.n, right, n_held_out=state.n_held_out, train_scores=trained_right
    )
    now, twice, four_times = 1 - state.truth
    gain, (low, high) = forecast.gain()
    score, (worst, best) = forecast.score_at(4 * forecast.n)
    sizes = _sizes_for(forecast, twice)
    covers_4n = float(worst <= four_times <= best)
    return {
        f"{OURS}: gain": gain,
        f"{OURS}: error_4n": 1 - score,
        "covers": float(low <= twice - now <= high),
        "covers_4n": covers_4n if np.isfinite(four_times) else np.nan,
        "width": high - low,
        "probability": forecast.probability_of_gain_below(MIN_GAIN),
        **sizes,
    }


def _sizes_for(forecast, target):
    """Sizes that reach the true score at 2n, in 2n; infinite where none is named."""
    with quiet(UserWarning):
        asked = {
            name: forecast.samples_for(float(target), assurance)
            for name, assurance in (("middle_size", 0.5), ("sure_size", 0.8))
        }
    return {name: (n or np.inf) / (2 * forecast.n) for name, n in asked.items()}
