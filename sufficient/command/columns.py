"""The columns of a table that can be learnt from; the others are named."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

import numpy as np
import pandas as pd

from sufficient.command.reading import no_column

__all__ = ["chosen_features", "has_percentages", "is_text"]

PERCENTAGE = r"\s*[-+]?[\d.,]+\s*%\s*"


def chosen_features(
    frame: pd.DataFrame, drop: Iterable[str] = (), keep: Iterable[str] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """Leave out constant columns and ids, and say which.

    Parameters
    ----------
    frame : DataFrame
        All columns but the target.
    drop : iterable of str, default=()
        Columns to leave out besides.
    keep : iterable of str, default=()
        Columns to keep, although they are constant or ids.

    Returns
    -------
    features : DataFrame
        The others, numbers and booleans as floats.
    remarks : list of str
        What was left out and why.

    Raises
    ------
    ValueError
        If no column remains, or one holds what cannot be encoded.
    """
    for name in (*drop, *keep):
        if name not in frame:
            raise ValueError(no_column(name, list(frame)))
    frame = frame.drop(columns=list(drop))
    _check_cells(frame)
    useless = {
        "constant": [name for name in frame if _is_constant(frame[name])],
        "an id": [name for name in frame if _is_id(frame[name])],
    }
    out = {why: [n for n in names if n not in keep] for why, names in useless.items()}
    features = frame.drop(columns=[*out["constant"], *out["an id"]])
    remarks = [
        f"Left out, because {why}: {', '.join(names)} (see --keep)."
        for why, names in out.items()
        if names
    ]
    if not features.shape[1]:
        raise ValueError(" ".join(["No columns are left to learn from.", *remarks]))
    return _numbers_as_floats(features), remarks


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


def _check_cells(frame):
    if percentages := [name for name in frame if has_percentages(frame[name])]:
        raise ValueError(
            f"Columns {percentages} hold percentages as text. Write numbers without "
            "the percent sign, or leave the columns out with --drop."
        )
    if nested := [name for name in frame if _is_nested(frame[name])]:
        raise ValueError(
            f"Columns {nested} hold lists or objects. Give each part a column of its "
            "own, or leave them out with --drop."
        )
    numbers = frame.select_dtypes("number")
    if endless := [
        name for name in numbers if np.isinf(_floats(numbers[[name]])).any()
    ]:
        raise ValueError(
            f"Columns {endless} hold infinity. Leave such cells empty, or leave the "
            "columns out with --drop."
        )


def _is_nested(column):
    kinds = (list, dict, tuple, set, np.ndarray)
    return column.dtype == object and any(isinstance(cell, kinds) for cell in column)


def _is_constant(column):
    return column.nunique(dropna=False) < 2


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


def _numbers_as_floats(frame):
    plain = list(frame.select_dtypes(["number", "bool", "boolean"]))
    floats = pd.DataFrame(_floats(frame[plain]), columns=plain, index=frame.index)
    return pd.concat([floats, frame.drop(columns=plain)], axis=1)[list(frame)]


def _floats(frame):
    return frame.to_numpy(dtype=np.float64, na_value=np.nan)
