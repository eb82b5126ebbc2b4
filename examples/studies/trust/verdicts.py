"""Is "sufficient" true? Is it said often enough? How good is the gain forecast?"""

from sufficient.decision.stopping import LEAST_SIZES

from .replay import gain_at, true_gain, verdict_at

__all__ = ["states"]

SMALLEST = 256
MIN_GAIN = 0.01


def states(pair, traces, n_validation=None) -> list[dict]:
    """One row for each size n at which the same trace is also measured at 2n."""
    return [
        {
            "pair": pair.name,
            "chosen_on": pair.chosen_on,
            "seed": trace.seed,
            **_state(traces, trace, last, n_validation),
        }
        for trace in traces
        for last in _doubled(trace.columns["train_size"])
    ]


def _doubled(sizes):
    """Indices of the sizes that count."""
    for last, n in enumerate(sizes):
        if last + 1 >= LEAST_SIZES and n >= SMALLEST and 2 * n <= sizes[-1]:
            yield last


def _state(traces, trace, last, n_validation):
    n = trace.columns["train_size"][last]
    gain = gain_at(trace, last, n_validation)
    low, high = gain.interval
    return {
        "n": int(n),
        "gain": true_gain(traces, n),
        "expected": gain.expected,
        "low": low,
        "high": high,
        "verdict": verdict_at(trace, last, gain, MIN_GAIN),
    }
