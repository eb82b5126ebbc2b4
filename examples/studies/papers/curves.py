"""Paper A's curve |L_{k+1} - L_k| against k, and numbers that describe it."""

import numpy as np
import pandas as pd
from scipy.stats import linregress

__all__ = [
    "DEAD",
    "height",
    "log_slope",
    "loss_differences",
    "random_orders",
    "slope",
    "smoothed",
]

MEMORY = 0.99
# A network whose curve is below this (nats) has the same output for every input: all of
# its ReLUs are inactive.
DEAD = 1e-3


def random_orders(n: int, n_orders: int, seed: int = 0) -> np.ndarray:
    """Permutations of n samples, of shape (n_orders, n)."""
    rng = np.random.default_rng(seed)
    return rng.permuted(np.tile(np.arange(n), (n_orders, 1)), axis=1)


def loss_differences(losses: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Mean over the orders of |L_{k+1} - L_k|, for k = 1, ..., n - 1."""
    means = losses[orders].cumsum(axis=1) / np.arange(1, len(losses) + 1)
    return np.abs(np.diff(means, axis=1)).mean(axis=0)


def smoothed(curve: np.ndarray) -> np.ndarray:
    """Exponential moving average that starts at the first value, as in the paper."""
    return pd.Series(curve).ewm(alpha=1 - MEMORY, adjust=False).mean().to_numpy()


def slope(curve: np.ndarray, first_k: int) -> float:
    """Exponent of the power law fitted to the values at k >= first_k.

    NaN if one of these values is 0.
    """
    if not curve[first_k - 1 :].all():
        return float("nan")
    k = np.arange(1, len(curve) + 1)[first_k - 1 :]
    return float(np.polyfit(np.log(k), np.log(curve[first_k - 1 :]), 1)[0])


def height(curve: np.ndarray, first_k: int) -> float:
    """Mean of (k + 1) |L_{k+1} - L_k| over k >= first_k.

    If the curve is c / (k + 1), this is c.
    """
    k = np.arange(1, len(curve) + 1)[first_k - 1 :]
    return float(((k + 1) * curve[first_k - 1 :]).mean())


def log_slope(x: np.ndarray, y: np.ndarray) -> float:
    """Slope of the straight line through the points (x, log y)."""
    return linregress(x, np.log(y)).slope
