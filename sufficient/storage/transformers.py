"""Fitted transformers as bytes, read by an unpickler that admits few classes.

A pickle can call whatever it names. Here it may name the estimators of scikit-learn and
skrub, which do nothing while they are built, and the listed parts of them.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator
from torch import Tensor

__all__ = ["transformer_of", "transformer_state"]

ESTIMATORS = "sklearn.", "skrub."
# They evaluate expressions.
NOT_AMONG_THEM = "skrub._data_ops"
PARTS = {
    "datetime": {"timedelta", "timezone"},
    "numpy": {"bool", "clip", "dtype", "float32", "float64", "int64", "ndarray"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy.core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "numpy.core.numeric": {"_frombuffer"},
    "pandas": {"CategoricalDtype", "DatetimeTZDtype", "StringDtype"},
    "scipy.sparse._csr": {"csr_matrix", "csr_array"},
    "scipy.sparse._dia": {"dia_matrix", "dia_array"},
    "skrub._dataframe._common": {"is_any_date", "is_categorical", "is_numeric"},
    "skrub._table_vectorizer": {"ShortReprDict", "_created_by_predicate"},
    "skrub.selectors._base": {"All", "And", "Cols", "Filter", "Inv", "Or", "Sub"},
    "skrub.selectors._selectors": {"_cardinality_below"},
    "sufficient.data.encoding": {"_table_of_floats"},
}


def transformer_state(transformer: Any) -> Tensor:
    """A fitted transformer as bytes.

    Raises
    ------
    ValueError
        If it holds what `transformer_of` would not read.
    """
    try:
        found = pickle.dumps(transformer, protocol=5)
        transformer_of(torch.frombuffer(bytearray(found), dtype=torch.uint8))
    except (AttributeError, TypeError, pickle.PicklingError, ValueError) as error:
        raise ValueError(
            f"The encoder cannot be saved: {error}. Build it of transformers of "
            "scikit-learn and skrub, or pickle the estimator."
        ) from error
    return torch.frombuffer(bytearray(found), dtype=torch.uint8)


def transformer_of(state: Tensor) -> Any:
    """The transformer that `transformer_state` was given.

    Raises
    ------
    ValueError
        If the bytes name anything else than parts of transformers.
    """
    return _Careful(io.BytesIO(np.asarray(state).tobytes())).load()


def _is_harmless(kind):
    # Its own module, because a name may stand in several.
    known = kind.__module__.startswith(ESTIMATORS)
    evaluates = kind.__module__.startswith(NOT_AMONG_THEM)
    return known and not evaluates and issubclass(kind, BaseEstimator)


class _Careful(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What the bytes name, if it is known to be harmless."""
        if name in PARTS.get(module, ()):
            return super().find_class(module, name)
        if module.startswith(ESTIMATORS) and not module.startswith(NOT_AMONG_THEM):
            found = super().find_class(module, name)
            if isinstance(found, type) and _is_harmless(found):
                return found
        raise ValueError(f"{module}.{name} is no transformer that is read from a file")
