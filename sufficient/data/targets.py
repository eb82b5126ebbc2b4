"""Check that targets can be learnt: they vary, none is missing, no dates, one type."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.utils.validation import _get_feature_names

from sufficient.data.numbers import check_detached
from sufficient.typing import ArrayLike

__all__ = ["check_names_of_labels", "check_targets", "check_varied", "names_of_labels"]


def check_targets(y: ArrayLike) -> None:
    """Raise ValueError that names the remedy where nobody could learn y.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, n_targets), or None
        Targets of any kind.
    """
    if y is None:
        raise ValueError(
            "This estimator requires y to be passed, but the target y is None. Pass "
            "the labels or numbers of all samples."
        )
    check_detached("y", y)
    values = _array(y)
    if values.dtype.kind in "mM":
        raise ValueError(
            "y holds dates or times, neither labels nor numbers. Write them as "
            "numbers, for instance of days."
        )
    if values.dtype.kind not in "Of" or not values.ndim:
        return
    if (n := int(pd.isna(values).sum())) > 0:
        raise ValueError(
            f"y contains NaN or None, {n:,} times. Fill or drop missing values."
        )
    kinds = {_kind(value) for value in values.reshape(-1)}
    if len(kinds) > 1:
        raise ValueError(
            f"y holds values of several types: {', '.join(sorted(kinds))}. Write all "
            "as text, y.astype(str), or all as numbers."
        )


def check_varied(y: np.ndarray) -> None:
    """Raise ValueError for a regression target that is the same for all samples."""
    columns = y.reshape(len(y), -1)
    constant = np.flatnonzero((columns == columns[:1]).all(axis=0))
    if len(constant):
        which = "y" if y.ndim == 1 else f"Column {constant[0]} of y"
        raise ValueError(
            f"{which} is {columns[0, constant[0]]:g} for every sample, so there is "
            "nothing to learn. Pass a target that varies."
        )


def names_of_labels(y: ArrayLike) -> np.ndarray | None:
    """Names of the columns of a data frame of labels; None for anything else."""
    shape: tuple[int, ...] = getattr(y, "shape", ())
    if len(shape) != 2 or shape[1] < 2:
        return None
    try:
        return _get_feature_names(y)
    except TypeError:  # Some are texts and some are not.
        return None


def check_names_of_labels(y: ArrayLike, known: np.ndarray) -> None:
    """Raise ValueError where a data frame has other columns than the labels known."""
    names = names_of_labels(y)
    if names is not None and known.dtype.kind in "OU" and names.tolist() != [*known]:
        raise ValueError(
            f"The columns of y are {', '.join(names)}, but those of earlier samples "
            f"were {', '.join(map(str, known))}. Pass y[[...]] with the same columns."
        )


def _array(y):
    try:
        return np.asarray(y)
    except ValueError as error:
        raise ValueError(
            "The entries of y differ in length. Lists of labels become rows of 0 and 1 "
            "by sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y)."
        ) from error


def _kind(value):
    if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        return "number"
    return type(value).__name__
