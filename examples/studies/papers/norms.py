"""Paper A, Theorem 1 and Lemma 1: how the Hessian's norm grows with h and L."""

import numpy as np

from sufficient import theory
from sufficient.theory import printed

from .curves import log_slope
from .ensembles import main_problem, trained
from .settings import Settings

__all__ = ["measure"]

N_SAMPLES = 500


def measure(settings: Settings) -> dict:
    """Norms of the Gauss-Newton parts of the trained networks on pixels."""
    data, source = main_problem(settings)
    X = source.X[:N_SAMPLES]
    rows = [
        _row(X, trained(data, "pixels", shape, settings), shape)
        for shape in settings.architectures
    ]
    return {
        "data": data,
        "rows": rows,
        "growth": {
            "hidden": _growth(settings.along("hidden", rows), "hidden", np.log),
            "layers": _growth(settings.along("layers", rows), "layers", float),
        },
    }


def _row(X, modules, shape):
    hidden, layers = shape
    radius = float(X.norm(dim=1).max())
    largest = [_largest_entry(module) for module in modules]
    widest = [float(np.max(theory.spectral_norms(module))) for module in modules]
    return {
        "hidden": hidden,
        "layers": layers,
        "norm": [np.median(theory.gauss_newton_norms(m, X)) for m in modules],
        "printed": [printed.theorem_1(layers + 2, radius, M_W) for M_W in widest],
        "largest_weight": largest,
        "h_times_m": [hidden * M for M in largest],
        "largest_layer_norm": widest,
    }


def _largest_entry(module):
    return max(weight.detach().abs().max().item() for weight in module.parameters())


def _growth(rows, axis, scale):
    """Growth of log norm, and of the log of Lemma 1's L (hM)^{2L}, along h or L.

    Networks with a norm of 0 are left out. There, for most samples, all ReLUs of some
    layer are inactive.
    """
    rows = [row for row in rows if np.median(row["norm"])]
    x = [scale(row[axis]) for row in rows]
    return {
        "measured": log_slope(x, [np.median(row["norm"]) for row in rows]),
        "claimed": log_slope(x, [_claimed(row) for row in rows]),
    }


def _claimed(row):
    linear = row["layers"] + 2
    return linear * np.median(row["h_times_m"]) ** (2 * linear)
