"""Paper A, Theorem 1 and Lemma 1: how the Hessian's norm grows with h and L."""

import numpy as np
from scipy.stats import linregress

from sufficient import theory
from sufficient.theory import printed

from .data import available, problem
from .ensembles import trained
from .settings import Settings

__all__ = ["measure"]

N_SAMPLES = 500


def measure(settings: Settings) -> dict:
    """Norms of the Gauss-Newton parts at the trained networks on pixels."""
    data = available(settings.data)[0]
    rows = [_row(data, shape, settings) for shape in settings.architectures]
    return {
        "data": data,
        "rows": rows,
        "growth": {
            "hidden": _growth(rows, "hidden", "layers", settings.fixed_layers, np.log),
            "layers": _growth(rows, "layers", "hidden", settings.fixed_hidden, float),
        },
    }


def _row(data, shape, settings):
    X = problem(data, "pixels", settings.n_samples).X[:N_SAMPLES]
    modules = trained(data, "pixels", shape, settings)
    radius = float(X.norm(dim=1).max())
    largest = [_largest_entry(module) for module in modules]
    widest = [float(np.max(theory.spectral_norms(module))) for module in modules]
    linear = shape[1] + 2
    return {
        "hidden": shape[0],
        "layers": shape[1],
        "norm": [np.median(theory.gauss_newton_norms(m, X)) for m in modules],
        "printed": [printed.theorem_1(linear, radius, M_W) for M_W in widest],
        "largest_weight": largest,
        "h_times_m": [shape[0] * M for M in largest],
        "largest_layer_norm": widest,
    }


def _largest_entry(module):
    return max(weight.detach().abs().max().item() for weight in module.parameters())


def _growth(rows, axis, other, fixed, scale):
    """Slopes of log norm and of the log of Lemma 1's L (hM)^{2L}, over h or L.

    A network of which most samples have lost all their ReLUs has no norm to speak of.
    """
    mine = [row for row in rows if row[other] == fixed and np.median(row["norm"])]
    x = [scale(row[axis]) for row in mine]
    return {
        "measured": _slope(x, [np.median(row["norm"]) for row in mine]),
        "claimed": _slope(x, [_claimed(row) for row in mine]),
    }


def _claimed(row):
    linear = row["layers"] + 2
    return linear * np.median(row["h_times_m"]) ** (2 * linear)


def _slope(x, y):
    return linregress(x, np.log(y)).slope
