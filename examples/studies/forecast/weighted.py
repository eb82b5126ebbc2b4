"""Means in which all data sets count the same, and shares as text."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["mean", "percent", "ratio", "weights"]


def weights(some: pd.DataFrame) -> pd.Series:
    """One over the number of rows of the same data set."""
    return 1 / some.groupby("table")["table"].transform("size")


def mean(some: pd.DataFrame, values: pd.Series) -> float:
    """Mean of the known values, over rows of `some`."""
    known = values.notna()
    return ratio((weights(some) * values)[known], weights(some)[known])


def ratio(part: pd.Series, whole: pd.Series) -> float:
    """Sum over sum, NaN where there is nothing."""
    return part.sum() / whole.sum() if len(whole) else np.nan


def percent(share: float, digits: int = 1) -> str:
    """A share as text."""
    return "-" if pd.isna(share) else f"{share:.{digits}%}"
