"""Paper A, figures 2 to 5: |L_{k+1} - L_k| against k for all widths and depths."""

import numpy as np
from scipy.stats import kendalltau

from .curves import height, loss_differences, random_orders, slope, smoothed
from .data import INPUTS, available, problem
from .ensembles import losses_of, trained
from .settings import Settings

__all__ = ["measure"]

N_POINTS = 100
# A network whose losses scatter less than this (nats) gives one answer to everything.
DEAD = 1e-3


def measure(settings: Settings) -> dict:
    """Curves and their figures for every data set, input, h and L."""
    here = available(settings.data)
    rows = [
        _row(data, kind, shape, settings)
        for data in here
        for kind in INPUTS
        for shape in settings.architectures
    ]
    return {
        "left_out": [name for name in settings.data if name not in here],
        "rows": rows,
        "orders": [
            _order(rows, data, kind, axis, settings)
            for data in here
            for kind in INPUTS
            for axis in ("hidden", "layers")
        ],
    }


def _row(data, kind, shape, settings):
    source = problem(data, kind, settings.n_samples)
    orders = random_orders(len(source.y), settings.n_orders)
    modules = trained(data, kind, shape, settings)
    losses = [losses_of(module, source.X, source.y).numpy() for module in modules]
    curves = np.array([loss_differences(one, orders) for one in losses])
    after = np.array([smoothed(curve) for curve in curves])
    shown = np.unique(np.geomspace(1, curves.shape[1], N_POINTS).round().astype(int))
    first, late = settings.first_k, settings.late_k
    heights = np.array([height(curve, first) for curve in curves])
    learnt = after[heights > DEAD] if (heights > DEAD).any() else after
    return {
        "data": data,
        "input": kind,
        "hidden": shape[0],
        "layers": shape[1],
        "mean_loss": [one.mean() for one in losses],
        "deviation": [np.abs(one - one.mean()).mean() for one in losses],
        "largest_loss": [one.max() for one in losses],
        "height": heights,
        "slope": [slope(curve, first) for curve in curves],
        "slope_smoothed": [slope(curve, first) for curve in after],
        "slope_smoothed_late": [slope(curve, late) for curve in after],
        "k": shown,
        "raw": np.median(curves, axis=0)[shown - 1],
        "smoothed": np.median(after, axis=0)[shown - 1],
        "lowest": learnt.min(axis=0)[shown - 1],
        "highest": learnt.max(axis=0)[shown - 1],
    }


def _order(rows, data, kind, axis, settings):
    """Kendall's tau between heights and h or L, for every seed and for the medians."""
    other, fixed = {
        "hidden": ("layers", settings.fixed_layers),
        "layers": ("hidden", settings.fixed_hidden),
    }[axis]
    mine = [
        row
        for row in sorted(rows, key=lambda row: row[axis])
        if (row["data"], row["input"], row[other]) == (data, kind, fixed)
    ]
    sizes = [row[axis] for row in mine]
    claimed = {"hidden": -1, "layers": 1}[axis]
    heights = np.array([row["height"] for row in mine])
    losses = np.array([row["mean_loss"] for row in mine])
    taus = [kendalltau(sizes, seed).statistic for seed in heights.T]
    return {
        "data": data,
        "input": kind,
        "axis": axis,
        "sizes": sizes,
        "heights": np.median(heights, axis=1),
        "n_dead": (heights < DEAD).sum(axis=1),
        "tau_median": kendalltau(sizes, np.median(heights, axis=1)).statistic,
        "tau_seeds": taus,
        "n_as_claimed": int(np.isclose(taus, claimed).sum()),
        "tau_loss": kendalltau(losses.ravel(), heights.ravel()).statistic,
    }
