"""Forecasts of the library and of the baselines, beside the truth."""

from __future__ import annotations

import numpy as np

from sufficient.decision.forecast_scores import forecast_scores
from sufficient.decision.score_forecast import ScoreForecast

from ..common.quiet import quiet
from .baselines import BASELINES, power_law_doublings
from .users import State

__all__ = ["MIN_GAIN", "OURS", "forecast_of", "judged"]

OURS, MIN_GAIN = "this library", 0.01


def judged(state: State, with_baselines: bool) -> dict:
    """Truth, forecasts, intervals and probability for one state."""
    x = np.log2(state.n / state.n[-1])
    row = _truth(state) | _ours(state)
    for name, baseline in BASELINES.items() if with_baselines else ():
        row[f"{name}: gain"], row[f"{name}: error_4n"] = baseline(x, state.errors)
    row["POW3: size"] = 2 ** power_law_doublings(x, state.errors, state.truth[1]) / 2
    row["true curve: size"] = 2 ** _true_doublings(state) / 2
    return row


def _true_doublings(state):
    """Doublings to the error at 2n by the true curve, moved to the last error seen.

    What nobody knows: how exact a size can be when all but the noise of the last score
    is known.
    """
    logs = np.log(np.maximum(state.truth[np.isfinite(state.truth)], 1e-4))
    lacking = np.log(max(state.errors[-1], 1e-4)) - logs[1]
    falls = logs[0] - logs
    if lacking <= falls[1] or len(falls) == 2:
        return lacking / falls[1] if falls[1] > 0 else np.inf
    further = falls[2] - falls[1]
    return 1 + (lacking - falls[1]) / further if further > 0 else np.inf


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


def forecast_of(state: State) -> ScoreForecast:
    """The library's forecast for a user."""
    right, trained_right = 1 - state.errors, 1 - state.train_errors
    return forecast_scores(
        state.n, right, n_held_out=state.n_held_out, train_scores=trained_right
    )


def _ours(state):
    forecast = forecast_of(state)
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
