"""Paper A, figures 2 to 5: |L_{k+1} - L_k| against k for all widths and depths."""

import numpy as np
from scipy.stats import kendalltau

from .curves import DEAD, height, loss_differences, random_orders, slope, smoothed
from .data import INPUTS, available, problem
from .ensembles import losses_of, trained
from .settings import Settings

__all__ = ["measure"]

N_POINTS = 100
# According to the paper, the heights of the curves decrease with h and increase with L.
CLAIMED_TAU = {"hidden": -1, "layers": 1}


def measure(settings: Settings) -> dict:
    """Curves of every data set, input, h and L, and the order of their heights."""
    here = available(settings.data)
    inputs = [(data, kind) for data in here for kind in INPUTS]
    rows = {
        one: [_row(*one, shape, settings) for shape in settings.architectures]
        for one in inputs
    }
    return {
        "left_out": [name for name in settings.data if name not in here],
        "rows": [row for some in rows.values() for row in some],
        "orders": [
            _order(settings.along(axis, rows[one]), *one, axis)
            for one in inputs
            for axis in CLAIMED_TAU
        ],
    }


def _row(data, kind, shape, settings):
    """Numbers of one architecture; lists are over the seeds or over k."""
    source = problem(data, kind, settings.n_samples)
    modules = trained(data, kind, shape, settings)
    losses = [losses_of(module, source.X, source.y).numpy() for module in modules]
    orders = random_orders(len(source.y), settings.n_orders)
    curves = np.array([loss_differences(one, orders) for one in losses])
    hidden, layers = shape
    return {
        "data": data,
        "input": kind,
        "hidden": hidden,
        "layers": layers,
        "mean_loss": [one.mean() for one in losses],
        "deviation": [np.abs(one - one.mean()).mean() for one in losses],
        "largest_loss": [one.max() for one in losses],
        **_described(curves, settings),
    }


def _described(curves, settings):
    """Heights and slopes of each seed's curve, and the curves at some k."""
    first, late = settings.first_k, settings.late_k
    averages = np.array([smoothed(curve) for curve in curves])
    heights = np.array([height(curve, first) for curve in curves])
    alive = averages[heights > DEAD] if (heights > DEAD).any() else averages
    k = np.geomspace(1, curves.shape[1], N_POINTS).round().astype(int)
    shown = np.unique(k) - 1
    return {
        "height": heights,
        "slope": [slope(curve, first) for curve in curves],
        "slope_smoothed": [slope(curve, first) for curve in averages],
        "slope_smoothed_late": [slope(curve, late) for curve in averages],
        "k": shown + 1,
        "raw": np.median(curves, axis=0)[shown],
        "smoothed": np.median(averages, axis=0)[shown],
        "lowest": alive.min(axis=0)[shown],
        "highest": alive.max(axis=0)[shown],
    }


def _order(rows, data, kind, axis):
    """Kendall's tau between heights and h or L, of every seed and of the medians."""
    sizes = [row[axis] for row in rows]
    heights = np.array([row["height"] for row in rows])
    losses = np.array([row["mean_loss"] for row in rows])
    taus = [kendalltau(sizes, of_seed).statistic for of_seed in heights.T]
    return {
        "data": data,
        "input": kind,
        "axis": axis,
        "sizes": sizes,
        "heights": np.median(heights, axis=1),
        "n_dead": (heights < DEAD).sum(axis=1),
        "tau_median": kendalltau(sizes, np.median(heights, axis=1)).statistic,
        "tau_seeds": taus,
        "n_as_claimed": int(np.isclose(taus, CLAIMED_TAU[axis]).sum()),
        "tau_loss": kendalltau(losses.ravel(), heights.ravel()).statistic,
    }
