"""Does the answer repeat from seed to seed?"""

import numpy as np

from .replay import first_passage, settled_at

__all__ = ["repeatability"]


def repeatability(pair, traces, tol=0.025) -> dict:
    """Spread of n* over seeds, ours beside the papers' rule on the same runs."""
    answers = [settled_at(trace, tol=tol) for trace in traces]
    ours = [one.n_samples for one in answers if one is not None]
    theirs = [n for n in (first_passage(trace, tol) for trace in traces) if n]
    real = [settled_at(t, tol=tol / 10, bound="monte_carlo") for t in traces]
    return {
        "pair": pair.name,
        "tol": tol,
        "seeds": len(traces),
        "reached": len(ours),
        **_spread("n_star", ours),
        **_spread("papers_rule", theirs),
        **_spread("monte_carlo", [one.n_samples for one in real if one is not None]),
        "cpu_seconds": float(np.mean([trace.cpu_seconds for trace in traces])),
    }


def _spread(name, values):
    if len(values) < 2:
        return {name: None, f"{name}_cv": None}
    mean = float(np.mean(values))
    return {name: mean, f"{name}_cv": float(np.std(values, ddof=1) / mean)}
