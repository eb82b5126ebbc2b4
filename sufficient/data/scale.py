"""Columns of X whose scales are far apart, so that a net learns from the large ones."""

from __future__ import annotations

import warnings

import numpy as np
from torch import Tensor

from sufficient.typing import Rows

__all__ = ["ratio_of_scales", "warn_of_scales"]

# Of the largest to the smallest standard deviation.
MOST_APART = 1000
# Columns that mostly hold one value, such as indicators or border pixels, are left out.
MOSTLY = 0.9
ROWS = 10_000


def warn_of_scales(X: Rows) -> None:
    """Warn where the scales of the columns differ by more than a factor of 1,000.

    Parameters
    ----------
    X : Tensor of shape (n, ...)
        Samples. Nothing is done with images and whole numbers, or where samples are
        read on demand.
    """
    if not isinstance(X, Tensor) or X.ndim != 2 or not X.is_floating_point():
        return
    ratio = ratio_of_scales(X[:ROWS].cpu().numpy())
    if ratio > MOST_APART:
        warnings.warn(
            f"The columns of X differ in scale by a factor of {ratio:,.0f} (standard "
            "deviations), and a net learns little from the small ones. Scale them: "
            "make_pipeline(StandardScaler(), est).",
            stacklevel=2,
        )


def ratio_of_scales(X: np.ndarray) -> float:
    """The largest standard deviation of a column, divided by the smallest.

    Columns that hold one value in nine of ten rows are not counted.

    Examples
    --------
    >>> import numpy as np
    >>> ratio_of_scales(np.array([[0.0, 0.0], [1.0, 500.0]]))
    500.0
    """
    most_frequent = np.median(X, axis=0)
    varied = X[:, (most_frequent == X).mean(axis=0) < MOSTLY]
    scales = varied.std(axis=0, dtype=np.float64)
    return float(scales.max() / scales.min()) if len(scales) else 1.0
