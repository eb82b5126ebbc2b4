"""Fitted transformers as plain values: their attributes, under the names of classes.

Reading builds objects of known classes and sets their attributes. It calls nothing:
there are the estimators of scikit-learn and skrub, and the few parts that they hold.
Tuples are marks, so that nothing a user's data hold can be taken for one.
"""

from __future__ import annotations

import datetime
import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator
from torch import Tensor

__all__ = ["transformer_of", "transformer_state"]

ESTIMATORS = "sklearn.", "skrub."
# They evaluate expressions.
NOT_AMONG_THEM = "skrub._data_ops"
PARTS = {
    "numpy": {"clip", "float32", "float64", "int64"},
    "skrub._dataframe._common": {"is_any_date", "is_categorical", "is_numeric"},
    "skrub._table_vectorizer": {"_created_by_predicate"},
    "skrub.selectors._base": {"All", "And", "Cols", "Filter", "Inv", "Or", "Sub"},
    "skrub.selectors._selectors": {"_cardinality_below"},
    "sufficient.data.encoding": {"_table_of_floats"},
}


def transformer_state(transformer: Any) -> Any:
    """A fitted transformer as values that `sufficient.storage.tree.packed` takes.

    Raises
    ------
    ValueError
        If it holds what `transformer_of` would not build.
    """
    try:
        return _plain(transformer)
    except ValueError as error:
        raise ValueError(
            f"The encoder cannot be saved: {error}. Build it of transformers of "
            "scikit-learn and skrub, or pickle the estimator."
        ) from error


def transformer_of(state: Any) -> Any:
    """The transformer that `transformer_state` was given.

    Raises
    ------
    ValueError
        If the state names anything else than parts of transformers.
    """
    if isinstance(state, list):
        return [transformer_of(item) for item in state]
    if isinstance(state, dict):
        return {key: transformer_of(item) for key, item in state.items()}
    if not isinstance(state, tuple):
        return state
    mark, *content = state
    return BUILD[mark](*content)


def _plain(value: Any) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, (tuple, set, frozenset)):
        mark = "tuple" if isinstance(value, tuple) else "set"
        return mark, [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return _plain_array(value)
    if isinstance(value, np.generic):
        return "scalar", _plain_array(np.asarray(value))
    if isinstance(value, (np.dtype, pd.api.extensions.ExtensionDtype)):
        return "dtype", str(value)
    if value is datetime.timezone.utc:
        return ("utc",)
    if callable(value) and hasattr(value, "__name__"):
        return "name", *_named(value)
    return "object", *_named(type(value)), _plain(vars(value))


def _plain_array(array: np.ndarray) -> Any:
    if array.dtype.kind not in "iuf":
        return "array", array, False
    # The order in memory decides about the last digits of products.
    turned = array.flags.f_contiguous and not array.flags.c_contiguous
    values = np.ascontiguousarray(array.T if turned else array)
    return "array", torch.from_numpy(values.reshape(-1).copy()), turned, array.shape


def _array(values: Any, turned: bool, shape: tuple[int, ...] | None = None) -> Any:
    if isinstance(values, Tensor) and shape is not None:
        array = values.numpy().reshape(shape[::-1] if turned else shape)
        return array.T if turned else array
    return values


def _named(value: Any) -> tuple[str, str]:
    # Functions of numpy name no module, or have no such attribute before numpy 2.
    name = getattr(value, "__module__", None) or "numpy", value.__name__
    if _known(*name) is not value:
        raise ValueError(f"{name[0]}.{name[1]} is no part of a transformer")
    return name


def _known(module: str, name: str) -> Any:
    """What a state names, if it is a known part of transformers."""
    if name in PARTS.get(module, ()):
        return getattr(import_module(module), name)
    if module.startswith(ESTIMATORS) and not module.startswith(NOT_AMONG_THEM):
        found = getattr(import_module(module), name, None)
        # Its own module, because a name may stand in several.
        if (
            inspect.isclass(found)
            and issubclass(found, BaseEstimator)
            and found.__module__ == module
        ):
            return found
    raise ValueError(f"{module}.{name} is no part of a transformer")


def _object(module: str, name: str, state: Any) -> Any:
    kind = _known(module, name)
    if not inspect.isclass(kind):
        raise ValueError(f"{module}.{name} is no class")
    found = object.__new__(kind)
    vars(found).update(transformer_of(state))
    return found


BUILD: dict[str, Callable[..., Any]] = {
    "array": _array,
    "dtype": lambda text: pd.api.types.pandas_dtype(text),
    "name": _known,
    "object": _object,
    "scalar": lambda array: transformer_of(array)[()],
    "set": lambda items: set(transformer_of(items)),
    "tuple": lambda items: tuple(transformer_of(items)),
    "utc": lambda: datetime.timezone.utc,
}
