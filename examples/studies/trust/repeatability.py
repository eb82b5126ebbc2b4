"""How much does the answer vary with the seed?"""

import numpy as np

from .replay import crossing, first_passage, is_whole

__all__ = ["repeatability"]


def repeatability(pair, traces, tol=0.025) -> dict:
    """Spread of n* over seeds, by our rule and by the papers' rule on the same runs."""
    real = {"tol": tol / 10, "bound": "monte_carlo"}
    whole = [trace for trace in traces if is_whole(trace)]
    return {
        "pair": pair.name,
        "tol": tol,
        "seeds": len(traces),
        **_spread("n_star", traces, [crossing(t, tol=tol) for t in traces]),
        **_spread("monte_carlo", whole, [crossing(t, **real) for t in whole]),
        **_spread("papers_rule", whole, [first_passage(t, tol) for t in whole]),
        "cpu_seconds": float(np.mean([trace.cpu_seconds for trace in traces])),
    }


def _spread(name, traces, sizes):
    """Mean and relative spread over the runs whose n* is among the measured sizes."""
    inside = [
        n
        for trace, n in zip(traces, sizes, strict=True)
        if n is not None and n > trace.columns["train_size"][0]
    ]
    mean = float(np.mean(inside)) if inside else None
    spread = float(np.std(inside, ddof=1) / mean) if len(inside) > 1 else None
    return {name: mean, f"{name}_cv": spread, f"{name}_reached": len(inside)}
