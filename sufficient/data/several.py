"""Several inputs of one net: dicts, tuples, and data sets whose items are such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array, check_consistent_length
from torch.utils.data import DataLoader, Dataset, IterableDataset

from sufficient.data.dtypes import ACCEPTED, WHOLE
from sufficient.data.items import check_rows_finite, stacked
from sufficient.data.numbers import check_numbers
from sufficient.fields import Fields, are_fields
from sufficient.typing import ArrayLike

__all__ = ["is_several", "read_fields"]


def read_fields(X: ArrayLike, y: ArrayLike = None) -> tuple[Fields, Any] | None:
    """Several inputs, checked, and their targets.

    Integers and truth values stay such, other numbers become float32, as the net is
    given by name what is meant for each of its parts.

    Parameters
    ----------
    X : dict, tuple of arrays, or map-style Dataset of them or of pairs with a target
        A Dataset is read into memory at once.
    y : array-like, str or None, default=None
        Targets; None takes those of a Dataset of pairs, and a name the value of that
        name in each item.

    Returns
    -------
    tuple of (Fields, array-like) or None
        None if X is something else.
    """
    if isinstance(X, DataLoader):
        X = X.dataset
    if is_several(X):
        return _checked(Fields.of(X)), y
    if not _has_several(X):
        return None
    samples, targets = zip(*(_pair(X[i], y) for i in range(len(X))), strict=True)
    rows = np.arange(len(samples))
    parts = {name: stacked([s[name] for s in samples], rows) for name in samples[0]}
    named = isinstance(_sample(X[0]), Mapping)
    return _checked(Fields(parts, named)), y if targets[0] is None else list(targets)


def is_several(X: ArrayLike) -> bool:
    """Whether X is a dict or tuple of inputs."""
    # A sparse matrix may be a dict, and so may a collection of tables.
    is_dict = isinstance(X, Mapping) and not (issparse(X) or hasattr(X, "column_names"))
    return is_dict or (isinstance(X, tuple) and are_fields(X))


def _has_several(X):
    listed = isinstance(X, Dataset) and not isinstance(X, IterableDataset)
    if not listed or not hasattr(X, "__len__") or not len(X):
        return False
    sample = _sample(X[0])
    return sample is not None and are_fields(sample)


def _sample(item):
    """The inputs of an item, which may be a pair of them and a target."""
    is_pair = isinstance(item, (tuple, list)) and len(item) == 2
    return item[0] if is_pair else item if isinstance(item, Mapping) else None


def _pair(item, y):
    given = _sample(item)
    target = item[1] if given is not item else None
    if isinstance(given, Mapping):
        inputs = {str(name): part for name, part in given.items()}
        if isinstance(y, str):
            target = _target(inputs, y)
        return inputs, target
    return {str(i): part for i, part in enumerate(given)}, target


def _target(inputs, name):
    if name not in inputs:
        raise ValueError(f"The items of X have no {name!r}, but {', '.join(inputs)}.")
    target = inputs.pop(name)
    return np.asarray(target)[()]


def _checked(X: Fields) -> Fields:
    if not X.parts:
        raise ValueError("X is an empty dict; at least one input is needed.")
    parts = {str(name): _array(str(name), part) for name, part in X.parts.items()}
    check_consistent_length(*parts.values())
    return Fields(parts, X.named)


def _array(name, values):
    name = f"X[{name!r}]"
    check_numbers(name, values)
    found = check_array(
        values,
        dtype=[*ACCEPTED, np.bool_],
        allow_nd=True,
        ensure_2d=False,
        ensure_min_samples=0,
        ensure_all_finite=False,
    )
    check_rows_finite(found, np.arange(len(found)), name)
    return found.astype(WHOLE, copy=False) if found.dtype.kind in "iu" else found
