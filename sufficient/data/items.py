"""Stack the values of single rows into one array; errors name the row at fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.utils import assert_all_finite
from torch import Tensor

from sufficient.data.numbers import FILLED

__all__ = ["as_pair", "check_finite", "check_rows_finite", "ragged_message", "stacked"]


def as_pair(item: Any, row: int) -> tuple[Any, Any]:
    """An item of a data set as a sample and its target, which may be None."""
    if not isinstance(item, (tuple, list)):
        item = (item,)
    if len(item) > 2 or isinstance(item[0], (Mapping, tuple, list)):
        raise ValueError(
            f"Row {row:,} of X is neither a sample nor a pair of a sample and its "
            f"target, but has {len(item)} parts, the first of type "
            f"{type(item[0]).__name__}. Let the data set return (x, y) with x an array "
            "or tensor."
        )
    sample, target = (*item, None)[:2]
    return sample, target


def stacked(values: Sequence[Any], rows: np.ndarray, name: str = "X") -> np.ndarray:
    """One array from a sequence with one value per row."""
    try:
        found = _at_once(values)
    except (ValueError, RuntimeError):
        found = None
    if found is not None and found.dtype != object:
        return found
    arrays = [_as_array(value) for value in values]
    for array, row in zip(arrays, rows, strict=True):
        if array.shape != arrays[0].shape:
            raise ValueError(ragged_message(array, row, arrays[0].shape, name))
    return np.stack(arrays)


def _at_once(values):
    if isinstance(values[0], Tensor):
        return torch.stack(tuple(values)).cpu().numpy()
    return np.asarray(values)


def _as_array(value):
    return value.cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)


def ragged_message(
    array: Any, row: int, shape: tuple[int, ...], name: str = "X"
) -> str:
    """The message that a row differs in shape from the rows before it."""
    return (
        f"Row {row:,} of {name} has shape {np.shape(array)}, but rows before it have "
        f"{shape}. Pad or crop all rows to one shape."
    )


def check_finite(values: np.ndarray) -> None:
    """Raise ValueError for an array in memory that holds NaN or infinity."""
    rows = np.arange(len(values))
    check_rows_finite(values, rows, remedy=f"Fill or drop such rows, or {FILLED}.")


def check_rows_finite(
    values: np.ndarray,
    rows: np.ndarray,
    name: str = "X",
    remedy: str = "Fill or drop such rows.",
) -> None:
    """Raise ValueError that names the first row with NaN or infinity."""
    try:
        assert_all_finite(values, input_name=name)
    except ValueError as error:
        finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
        what = str(error).splitlines()[0].rstrip(".")
        raise ValueError(
            f"{what}, first in row {rows[np.argmin(finite)]:,}. {remedy}"
        ) from error
