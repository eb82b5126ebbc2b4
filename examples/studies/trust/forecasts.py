"""How accurate are forecasts of n* from a quarter and from half of the data?"""

import numpy as np

from .replay import forecast_at, settled_at

__all__ = ["forecasts"]

TOLERANCES = {
    "projected": (0.5, 0.1, 0.05, 0.025, 0.01),
    "monte_carlo": (0.02, 0.01, 0.005, 0.0025, 0.001),
}
LEAST_SIZES = 6
NEAR = 1.18


def forecasts(pair, traces, bound="projected") -> list[dict]:
    """One row for each seed, tolerance and size near n*/4 and n*/2."""
    return [
        row
        for trace in traces
        for tol in TOLERANCES[bound]
        for row in _of_one(pair, trace, tol, bound)
    ]


def _of_one(pair, trace, tol, bound):
    settled = settled_at(trace, tol=tol, bound=bound)
    if settled is None:
        return
    sizes = trace.columns["train_size"]
    for share in (4, 2):
        ratio = sizes * share / settled.n_samples
        for last in np.flatnonzero((ratio > 1 / NEAR) & (ratio < NEAR)):
            if last + 1 >= LEAST_SIZES:
                yield _row(pair, trace, tol, bound, share, int(last), settled.n_samples)


def _row(pair, trace, tol, bound, share, last, truth):
    forecast = forecast_at(trace, last, tol=tol, bound=bound)
    low, high = forecast.interval
    return {
        "pair": pair.name,
        "chosen_on": pair.chosen_on,
        "seed": trace.seed,
        "tol": tol,
        "bound": bound,
        "share": share,
        "error": forecast.n_samples / truth - 1,
        "covered": bool(low <= truth <= high),
    }
