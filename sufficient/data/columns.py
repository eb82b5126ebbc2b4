"""The columns of a data frame: which can be learnt from, and which cannot."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "as_table",
    "check_columns",
    "check_names",
    "has_percentages",
    "is_text",
    "numbers_as_floats",
    "others_than_numbers",
    "useless_columns",
]

PERCENTAGE = r"\s*[-+]?[\d.,]+\s*%\s*"
PLAIN = ["number", "bool", "boolean"]


def as_table(X: Any) -> pd.DataFrame | None:
    """X as a pandas data frame with text as names, or None if it is no data frame."""
    if not isinstance(X, pd.DataFrame):
        is_frame = hasattr(X, "to_pandas") and hasattr(X, "columns")
        # Tables of Arrow have column names, and are read on demand.
        if not is_frame or hasattr(X, "column_names"):
            return None
        X = X.to_pandas()
    return X.set_axis(X.columns.map(str), axis=1)


def check_names(frame: pd.DataFrame) -> None:
    """Raise ValueError where two columns have one name."""
    names = frame.columns
    if twice := names[names.duplicated()].unique().tolist():
        raise ValueError(f"Several columns are called {twice}. Rename all but one.")


def check_columns(frame: pd.DataFrame) -> None:
    """Raise ValueError where cells cannot be encoded; the message names the columns."""
    if percentages := [name for name in frame if has_percentages(frame[name])]:
        raise ValueError(
            f"Columns {percentages} hold percentages as text. Write numbers without "
            "the percent sign, or drop the columns."
        )
    if nested := [name for name in frame if _is_nested(frame[name])]:
        raise ValueError(
            f"Columns {nested} hold lists or objects. Give each part a column of its "
            "own, or drop them."
        )
    numbers = frame.select_dtypes("number")
    if endless := [
        name for name in numbers if np.isinf(_floats(numbers[[name]])).any()
    ]:
        raise ValueError(
            f"Columns {endless} hold infinity. Leave such cells empty, or drop the "
            "columns."
        )


def useless_columns(frame: pd.DataFrame) -> dict[str, list[str]]:
    """The constant columns and the ids, under the words for what they are.

    Examples
    --------
    >>> import pandas as pd
    >>> useless_columns(pd.DataFrame({"row": [0, 1, 2], "unit": "cm", "a": [3, 1, 3]}))
    {'constant': ['unit'], 'an id': ['row']}
    """
    return {
        "constant": [name for name in frame if _is_constant(frame[name])],
        "an id": [name for name in frame if _is_id(frame[name])],
    }


def others_than_numbers(frame: pd.DataFrame) -> list[str]:
    """Columns that hold neither numbers nor booleans."""
    return list(frame.select_dtypes(exclude=PLAIN))


def numbers_as_floats(frame: pd.DataFrame) -> pd.DataFrame:
    """The same columns, numbers and booleans in float64, missing ones as NaN."""
    plain = list(frame.select_dtypes(PLAIN))
    floats = pd.DataFrame(_floats(frame[plain]), columns=plain, index=frame.index)
    return pd.concat([floats, frame.drop(columns=plain)], axis=1)[list(frame)]


def is_text(column: pd.Series) -> bool:
    """Whether a column holds strings, perhaps among other things."""
    return pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column)


def has_percentages(column: pd.Series) -> bool:
    """Whether all values are text such as "12.5 %"."""
    values = column.dropna()
    return (
        bool(len(values))
        and is_text(column)
        and bool(values.astype(str).str.fullmatch(PERCENTAGE).all())
    )


def _is_nested(column):
    kinds = (list, dict, tuple, set, np.ndarray)
    return column.dtype == object and any(isinstance(cell, kinds) for cell in column)


def _is_constant(column):
    # One row does not tell.
    return len(column) > 1 and column.nunique(dropna=False) < 2


def _is_id(column):
    values = column.dropna()
    if pd.api.types.is_integer_dtype(column):
        n = len(column)
        counts = (np.arange(start, start + n) for start in (0, 1))
        return n > 1 and any(np.array_equal(values, count) for count in counts)
    different = is_text(column) and 1 < len(values) == values.nunique()
    return different and not _are_numbers_or_dates(values)


def _are_numbers_or_dates(values):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = pd.to_numeric, pd.to_datetime
        return any(one(values, errors="coerce").notna().all() for one in read)


def _floats(frame):
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)
