"""Values of single rows as one array; the row that does not fit is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.utils import assert_all_finite
from torch import Tensor

__all__ = ["as_pair", "check_rows_finite", "ragged", "stacked"]


def as_pair(item: Any, row: int) -> tuple[Any, Any]:
    """An item of a data set as a sample and its target, which may be None."""
    if not isinstance(item, (tuple, list)):
        item = (item,)
    if len(item) > 2 or isinstance(item[0], (Mapping, tuple, list)):
        raise ValueError(
            f"Row {row:,} of X is not a sample or a pair of a sample and its target, "
            f"but {type(item[0]).__name__} in {len(item)} parts. Let the data set "
            "return (x, y) with x an array or tensor."
        )
    sample, target = (*item, None)[:2]
    return sample, target


def stacked(values: Sequence[Any], rows: np.ndarray, name: str = "X") -> np.ndarray:
    """One array out of one value for each row."""
    try:
        found = _at_once(values)
    except (ValueError, RuntimeError):
        found = None
    if found is not None and found.dtype != object:
        return found
    arrays = [_as_array(value) for value in values]
    for array, row in zip(arrays, rows, strict=True):
        if array.shape != arrays[0].shape:
            raise ValueError(ragged(array, row, arrays[0].shape, name))
    return np.stack(arrays)


def _at_once(values):
    if isinstance(values[0], Tensor):
        return torch.stack(tuple(values)).cpu().numpy()
    return np.asarray(values)


def _as_array(value):
    return value.cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)


def ragged(array: Any, row: int, shape: tuple[int, ...], name: str = "X") -> str:
    """Say that a row has another shape than those before."""
    return (
        f"Row {row:,} of {name} has shape {np.shape(array)}, and rows before it have "
        f"{shape}. Pad or crop them to one shape."
    )


def check_rows_finite(values: np.ndarray, rows: np.ndarray) -> None:
    """Raise ValueError that names the first row with something else than numbers."""
    try:
        assert_all_finite(values, input_name="X")
    except ValueError as error:
        finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
        what = str(error).splitlines()[0].rstrip(".")
        raise ValueError(
            f"{what}, first in row {rows[np.argmin(finite)]:,}. Fill or drop such rows."
        ) from error
