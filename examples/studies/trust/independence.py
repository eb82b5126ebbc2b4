"""Does n* change with settings that should not affect it?"""

import numpy as np

from .replay import crossing
from .traces import Variant

__all__ = ["VARIANTS", "independence"]

TOL = 0.025
VARIANTS = {
    "defaults": Variant("settled", {}, TOL),
    "batch_size=16": Variant("batches of 16", {"batch_size": 16}, TOL),
    "batch_size=256": Variant("batches of 256", {"batch_size": 256}, TOL),
    "n_monte_carlo=128": Variant("twice the draws", {"n_monte_carlo": 128}, TOL),
    "X permuted": Variant("permuted", {}, TOL, permuted=True),
}


def independence(pair, traces: dict[str, list], long: list) -> list[dict]:
    """One row for each variant.

    Parameters
    ----------
    pair : Pair
        Data and network.
    traces : dict of str to list of Trace
        Traces by the name of the variant, with the same seeds for all variants.
    long : list of Trace
        Traces of runs to the end of the data, whose sizes are thinned.
    """
    plain, doubled = traces["defaults"], traces["n_monte_carlo=128"]
    real = {"bound": "monte_carlo", "tol": TOL / 10}
    compared = [(name, plain, some, {}) for name, some in traces.items()]
    compared += [
        ("schedule thinned twofold", long, long, {"thinned": 2}),
        ("n_monte_carlo=128, real loss", plain, doubled, real),
    ]
    return [
        {"pair": pair.name, "variant": name, **_compared(*sides)}
        for name, *sides in compared
        if name != "defaults"
    ]


def _compared(plain, some, settings):
    shared = {name: value for name, value in settings.items() if name != "thinned"}
    before, after = _answers(plain, **shared), _answers(some, **settings)
    return {
        "seeds": len(after),
        "n_star": float(after.mean()),
        "change": float(after.mean() / before.mean() - 1),
        "largest_change": float(np.abs(after / before - 1).max()),
    }


def _answers(traces, **settings):
    return np.array([crossing(trace, **settings) for trace in traces], dtype=float)
