"""Is the verdict "sufficient" correct and frequent enough, and the gain accurate?"""

from sufficient.decision.stopping import LEAST_SIZES

from .replay import gain_at, true_gain, verdict_at

__all__ = ["states"]

SMALLEST = 256
MIN_GAIN = 0.01


def states(pair, traces, n_validation=None) -> list[dict]:
    """One row for each size of a trace whose double is measured in the same trace."""
    rows = []
    for trace in traces:
        sizes = trace.columns["train_size"]
        for last, n in enumerate(sizes):
            if last + 1 < LEAST_SIZES or n < SMALLEST or 2 * n > sizes[-1]:
                continue
            gain = gain_at(trace, last, n_validation)
            rows.append(
                {
                    "pair": pair.name,
                    "chosen_on": pair.chosen_on,
                    "seed": trace.seed,
                    "n": int(n),
                    "gain": true_gain(traces, n),
                    "expected": gain.expected,
                    "low": gain.interval[0],
                    "high": gain.interval[1],
                    "verdict": verdict_at(trace, last, gain, MIN_GAIN),
                }
            )
    return rows
