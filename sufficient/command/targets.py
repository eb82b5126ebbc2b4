"""The target of a table: classes or numbers, and the rows that have one."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import type_of_target

from sufficient.data.columns import has_percentages, is_text

__all__ = ["are_numbers", "as_target", "as_targets", "rows_of_classes"]

# Whole numbers are classes up to this many, with so many samples each on average.
MOST_CLASSES, SAMPLES_A_CLASS = 10, 5


def are_numbers(column: pd.Series) -> bool:
    """Whether a target is a quantity, and not a class.

    Fractions are numbers; text and booleans are classes. Whole numbers are classes if
    there are two of them, or at most 10, with five samples each on average.

    Examples
    --------
    >>> import pandas as pd
    >>> are_numbers(pd.Series([0, 1, 2] * 5)), are_numbers(pd.Series(range(15)))
    (False, True)
    """
    if not pd.api.types.is_numeric_dtype(column) or column.dtype.kind == "b":
        return False
    values = column.to_numpy(dtype=np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It says what is counted below.
        kind = type_of_target(values)
    n = column.nunique()
    few = n <= min(MOST_CLASSES, len(column) / SAMPLES_A_CLASS)
    return kind.startswith("continuous") or not (kind == "binary" or few)


def as_target(
    column: pd.Series, regression: bool | None = None
) -> tuple[np.ndarray, bool, str]:
    """What a column without missing values is as y.

    Parameters
    ----------
    column : Series
        Target of every sample.
    regression : bool or None, default=None
        Whether it is a quantity; None finds out.

    Returns
    -------
    y : ndarray of shape (n,)
        Labels, or numbers in float64.
    regression : bool
        Whether it is a quantity.
    remark : str
        What was found, and how to change it.

    Raises
    ------
    ValueError
        If it can be neither.
    """
    _check(column, regression)
    numbers = are_numbers(column) if regression is None else regression
    if numbers:
        y = _as_numbers(column)
        return y, True, f"The target {column.name!r} is a number (see --classify)."
    n = column.nunique()
    if pd.api.types.is_numeric_dtype(column):
        way, y = "; --regress takes it for a number", np.asarray(column.tolist())
        y = y.astype(str) if y.dtype.kind == "f" else y  # Fractions are no labels.
    else:
        way, y = "", column.astype(str).to_numpy(dtype=str)
        _check_texts(column, n)
    return y, False, f"The target {column.name!r} is a class, one of {n:,}{way}."


def as_targets(
    frame: pd.DataFrame, regression: bool | None = None
) -> tuple[np.ndarray, bool, str]:
    """What one column or more without missing values are as y.

    Parameters
    ----------
    frame : DataFrame
        Targets of every sample.
    regression : bool or None, default=None
        Whether they are quantities; None finds out.

    Returns
    -------
    y : ndarray of shape (n,) or (n, n_targets)
        As of `as_target`, or rows of 0 and 1.
    regression : bool
        Whether they are quantities.
    remark : str
        What was found, and how to change it.

    Raises
    ------
    ValueError
        If a column can be neither, or some are numbers and others are not.
    """
    if frame.shape[1] == 1:
        return as_target(frame.iloc[:, 0], regression)
    names = ", ".join(map(repr, frame))
    if regression is not True and all(_is_label(frame[name]) for name in frame):
        second = {name: frame[name].drop_duplicates().max() for name in frame}
        words = ", ".join(f"{name} = {value}" for name, value in second.items())
        y = np.column_stack([frame[name] == second[name] for name in frame])
        return y.astype(int), False, f"The targets are labels, which mean: {words}."
    found = [as_target(frame[name], regression) for name in frame]
    if not all(numbers for _, numbers, _ in found):
        raise ValueError(
            f"The targets {names} are neither all numbers nor all labels with two "
            "values. Name one --target at a time."
        )
    y = np.column_stack([numbers for numbers, _, _ in found])
    return y, True, f"The targets {names} are numbers."


def rows_of_classes(y: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Where the classes have two samples or more, and which have one only.

    Raises
    ------
    ValueError
        If fewer than two classes remain.
    """
    labels, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    if (counts > 1).sum() < 2:
        raise ValueError(
            f"The target has one class only ({labels[counts.argmax()]}) with more than "
            "one sample, but two are needed. Label samples of another class, or name "
            "another column with --target."
        )
    alone = ", ".join(map(str, labels[counts < 2][:5]))
    remark = (
        f"Samples that are the only one of their class ({alone}), left out because "
        f"they cannot be both trained on and held out: {(counts < 2).sum():,}."
    )
    return np.flatnonzero(counts[codes] > 1), [remark] if alone else []


def _is_label(column):
    return column.nunique() == 2 and not are_numbers(column)


def _check(column, regression):
    if has_percentages(column):
        raise ValueError(
            f"The target {column.name!r} holds percentages as text, such as "
            f"{column.iloc[0]!r}. Write numbers without the percent sign."
        )
    if pd.api.types.is_datetime64_any_dtype(column) or column.dtype.kind == "m":
        raise ValueError(
            f"The target {column.name!r} holds dates or times, neither classes nor "
            "numbers. Write it as a number, for instance of days."
        )
    if regression is None and is_text(column):
        share = pd.to_numeric(column, errors="coerce").notna().mean()
        if share > 0.5:
            raise ValueError(
                f"The target {column.name!r} holds numbers and text, such as "
                f"{_first_text(column)!r}. Write all as numbers, missing ones as an "
                "empty cell, or pass --classify."
            )


def _check_texts(column, n):
    if n > len(column) / 2 and len(column) > 3:
        raise ValueError(
            f"The target {column.name!r} holds {n:,} different texts in "
            f"{len(column):,} rows, too many for classes. Name another column with "
            "--target."
        )


def _as_numbers(column):
    numbers = pd.to_numeric(column.astype(str) if is_text(column) else column, "coerce")
    if not pd.api.types.is_numeric_dtype(numbers) or numbers.isna().any():
        raise ValueError(
            f"The target {column.name!r} holds text, such as {_first_text(column)!r}, "
            "and cannot be learnt as a number. Leave --regress out."
        )
    return numbers.to_numpy(dtype=np.float64)


def _first_text(column):
    text = column[pd.to_numeric(column.astype(str), errors="coerce").isna()]
    return (text if len(text) else column).iloc[0]
