"""Samples as floats, or as whole numbers for nets that look things up by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sufficient.data.numbers import check_whole
from sufficient.data.row_source import RowSource

__all__ = ["ACCEPTED", "FLOAT", "WHOLE", "in_dtype", "is_whole"]

FLOAT, WHOLE = np.dtype(np.float32), np.dtype(np.int64)
# Of these kinds arrays stay what they are until the net has been asked; all others
# become the first one.
ACCEPTED = [np.float32, *(np.dtype(code).type for code in np.typecodes["AllInteger"])]


def is_whole(X: Any) -> bool:
    """Whether X is given as integers."""
    if isinstance(X, RowSource):
        return X.is_whole
    return isinstance(X, np.ndarray) and X.dtype.kind in "iu"


def in_dtype(X: Any, dtype: np.dtype) -> Any:
    """An array converted, or a source that is read in this dtype from now on.

    Several inputs keep their own.
    """
    if isinstance(X, RowSource):
        X.dtype = dtype
        return X
    if not isinstance(X, np.ndarray):
        return X
    if dtype == WHOLE:
        check_whole(X)
    return X.astype(dtype, copy=False)
