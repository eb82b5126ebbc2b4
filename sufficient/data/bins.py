"""Bins of one numeric target, which take the place of classes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

__all__ = ["bin_names", "quantile_edges"]

N_BINS = 4
FEWEST_DIGITS, MOST_DIGITS = 3, 17


def quantile_edges(y: np.ndarray) -> np.ndarray:
    """Inner edges of bins that hold about a quarter of the targets each.

    Parameters
    ----------
    y : ndarray of shape (n, n_targets)
        Targets, which vary.

    Returns
    -------
    ndarray of shape (n_bins - 1,)
        Increasing targets, each the largest of its bin. Fewer than three where many
        targets are the same, and none where a sample has several targets.

    Examples
    --------
    >>> import numpy as np
    >>> quantile_edges(np.arange(8.0)[:, None])
    array([1., 3., 5.])
    >>> quantile_edges(np.array([0.0, 2, 2, 2, 2, 2])[:, None])
    array([0.])
    """
    if y.shape[1] > 1:
        return np.zeros(0)
    shares = np.arange(1, N_BINS) / N_BINS
    quantiles = np.quantile(y, shares, method="inverted_cdf")
    # An edge at the largest target would leave the last bin empty.
    return np.unique(np.minimum(quantiles, y[y < y.max()].max()))


def bin_names(edges: np.ndarray) -> np.ndarray:
    """What each bin is called: its interval, with as few digits as tell edges apart.

    Examples
    --------
    >>> import numpy as np
    >>> bin_names(np.array([12.345, 45.6, 78.9])).tolist()
    ['up to 12.3', '12.3 to 45.6', '45.6 to 78.9', 'above 78.9']
    """
    if not len(edges):
        return np.zeros(0, str)
    printed = next(
        names
        for digits in range(FEWEST_DIGITS, MOST_DIGITS + 1)
        if len(set(names := [_printed(edge, digits) for edge in edges])) == len(edges)
    )
    inner = [f"{low} to {high}" for low, high in pairwise(printed)]
    return np.array([f"up to {printed[0]}", *inner, f"above {printed[-1]}"])


def _printed(value, digits):
    return np.format_float_positional(
        value, precision=digits, unique=False, fractional=False, trim="-"
    )
