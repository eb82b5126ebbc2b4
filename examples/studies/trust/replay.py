"""What a fit would have said at each size of a trace, and what came true."""

from __future__ import annotations

import numpy as np
from sufficient.decision.gain import forecast_gain

from sufficient.decision.stopping import LEAST_SIZES, forecast_sample_size
from sufficient.decision.verdict import join_verdict, score_above_chance
from sufficient.growing.schedule import FIRST_COUNT
from sufficient.results import GainForecast, SampleSizeForecast
from sufficient.settings import BOUNDS

from .traces import Trace

__all__ = [
    "crossing",
    "first_passage",
    "forecast_at",
    "gain_at",
    "is_whole",
    "settled_at",
    "true_gain",
    "verdict_at",
]

BANDWIDTH = 0.35


def forecast_at(
    trace: Trace, last: int, *, tol=0.025, bound="projected", thinned=1
) -> SampleSizeForecast:
    """The forecast of n* after the size with index `last`.

    With `thinned`, only every `thinned`-th size before it is used.
    """
    rows = np.arange(last, -1, -thinned)[::-1]
    return forecast_sample_size(
        trace.columns["train_size"][rows],
        trace.columns[BOUNDS[bound]][rows],
        tol=tol,
        patience=2,
        bound=bound,
    )


def settled_at(trace: Trace, thinned=1, **settings) -> SampleSizeForecast | None:
    """The answer at the size where a fit would have stopped; None if it never would."""
    first = thinned * (LEAST_SIZES - 1)
    for last in range(first, len(trace.columns["train_size"]), thinned):
        forecast = forecast_at(trace, last, thinned=thinned, **settings)
        if forecast.converged:
            return forecast
    return None


def is_whole(trace: Trace) -> bool:
    """Whether a trace is measured from the first size on."""
    return bool(trace.columns["batch_count"][0] <= FIRST_COUNT)


def crossing(trace: Trace, **settings) -> int | None:
    """n* at the size where a fit would have stopped; None if it never would."""
    settled = settled_at(trace, **settings)
    return None if settled is None else settled.n_samples


def first_passage(trace: Trace, tol: float = 0.025) -> int | None:
    """n* by the papers' rule: the first size at which formula (2) is below `tol`."""
    below = np.flatnonzero(trace.columns["eigenvalue"] < tol)
    return int(trace.columns["train_size"][below[0]]) if len(below) else None


def gain_at(trace: Trace, last: int, n_validation: int | None = None) -> GainForecast:
    """The gain forecast after the size with index `last`.

    With `n_validation`, the scores are measured on that many of the samples set apart.
    """
    columns, until = trace.columns, slice(last + 1)
    scores, errors = (
        columns[name] for name in ("validation_score", "validation_score_std_err")
    )
    if n_validation is not None:
        scores = trace.apart[:, :n_validation].astype(float).mean(axis=1)
        errors = np.sqrt(np.maximum(scores * (1 - scores), 1 / n_validation))
        errors = errors / np.sqrt(n_validation)
    return forecast_gain(
        columns["train_size"][until],
        scores[until],
        columns["train_score"][until],
        errors[until],
    )


def verdict_at(
    trace: Trace, last: int, gain: GainForecast, min_gain: float = 0.01
) -> str:
    """The verdict after the size with index `last`, given the gain forecast there."""
    at = {name: column[last] for name, column in trace.columns.items()}
    return join_verdict(
        converged=forecast_at(trace, last).converged,
        gain=gain,
        min_gain=min_gain,
        score_above_chance=score_above_chance(at),
    )


def true_gain(traces: list[Trace], n: float) -> float:
    """Gain of the test score from n to 2n, averaged over the seeds and smoothed."""
    shortest = min(len(trace.columns["train_size"]) for trace in traces)
    x = np.log(traces[0].columns["train_size"][:shortest])
    scores = np.mean([t.columns["test_score"][:shortest] for t in traces], axis=0)
    return _smoothed(x, scores, np.log(2 * n)) - _smoothed(x, scores, np.log(n))


def _smoothed(x, y, at):
    """Local linear regression with Gaussian weights."""
    weights = np.exp(-(((x - at) / BANDWIDTH) ** 2) / 4)
    return np.polynomial.Polynomial.fit(x, y, 1, w=weights)(at)
