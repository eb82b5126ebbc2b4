"""From the columns of a data frame to numbers of one scale."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import _safe_indexing, check_array

from sufficient.data.columns import (
    as_table,
    check_columns,
    check_names,
    numbers_as_floats,
    others_than_numbers,
    useless_columns,
)
from sufficient.data.several import is_several
from sufficient.data.sources import is_source
from sufficient.inputs import FARTHEST
from sufficient.typing import ArrayLike, Encoder

__all__ = ["chosen_encoder", "encoded", "fit_encoded", "table_encoder"]


def chosen_encoder(given: Encoder, X: ArrayLike) -> Encoder:
    """What is to be fitted before the net, given the parameter `encoder`.

    Parameters
    ----------
    given : transformer, "auto" or None
        "auto" encodes data frames that hold other columns than numbers and booleans, or
        missing values; None encodes nothing.
    X : array-like
        Samples.

    Returns
    -------
    transformer or None
        Not yet fitted.

    Raises
    ------
    ValueError
        If `given` is something else, or a column cannot be encoded.
    ImportError
        If skrub is needed and not installed.

    Warns
    -----
    UserWarning
        If a data frame that "auto" encodes has constant columns or ids.
    """
    if given is None or (isinstance(given, str) and given == "auto"):
        frame = None if given is None else as_table(X)
        if frame is not None:
            check_names(frame)
        if frame is None or not (others_than_numbers(frame) or _has_missing(frame)):
            return None
        check_columns(frame)
        _warn_of_useless(frame)
        return table_encoder(frame)
    if not (hasattr(given, "fit_transform") and hasattr(given, "transform")):
        raise ValueError(
            f"encoder={given!r} cannot encode. Pass a transformer of scikit-learn or "
            'skrub, "auto" or None.'
        )
    if is_several(X):
        raise ValueError(
            "An encoder takes one table or array, but X is several inputs. Encode each "
            "before, and pass encoder=None."
        )
    if is_source(X) and not sparse.issparse(X):
        raise ValueError(
            f"{type(X).__name__} is read on demand, and an encoder needs all of X. "
            "Encode it before, or pass a data frame or an array."
        )
    return clone(given)


def table_encoder(frame: pd.DataFrame) -> Pipeline:
    """An encoder, not yet fitted, for columns of the kinds that a data frame has.

    Missing numbers become the median, with a column that marks them; numbers are
    standardised, and clipped at ten standard deviations. Of skrub's `TableVectorizer`:
    up to 40 texts become a column each, more are encoded by their parts, dates become
    year, month, day and so on.

    Parameters
    ----------
    frame : DataFrame
        The columns.

    Returns
    -------
    Pipeline

    Raises
    ------
    ImportError
        If there are other columns than numbers, and skrub is not installed.
    """
    others = others_than_numbers(frame)
    to_floats = FunctionTransformer(_table_of_floats, feature_names_out="one-to-one")
    return make_pipeline(to_floats, _vectorizer(others) if others else _numbers())


def fit_encoded(
    encoder: Encoder, X: ArrayLike, y: np.ndarray, train: np.ndarray
) -> np.ndarray:
    """Fit an encoder to the training samples, and encode all.

    Parameters
    ----------
    encoder : transformer
        Fitted in place.
    X : array-like of shape (n, ...)
        Samples.
    y : ndarray of shape (n,) or (n, n_targets)
        Targets, for encoders that ask for them.
    train : ndarray of int
        The samples that it may see.

    Returns
    -------
    ndarray of shape (n, n_features), float32
    """
    others = np.setdiff1d(np.arange(len(y)), train)
    seen = _as_array(encoder.fit_transform(_safe_indexing(X, train), y[train]))
    found = np.empty((len(y), seen.shape[1]), np.float32)
    found[train] = seen
    if len(others):
        found[others] = encoded(encoder, _safe_indexing(X, others))
    return found


def encoded(encoder: Encoder, X: ArrayLike) -> np.ndarray:
    """Samples as a fitted encoder sees them, in float32."""
    with warnings.catch_warnings():
        # A category that the encoder does not know is none of those it knows.
        warnings.simplefilter("ignore", UserWarning)
        return _as_array(encoder.transform(X))


def _as_array(values):
    values = values.toarray() if sparse.issparse(values) else values
    return check_array(values, dtype=np.float32, input_name="The encoded X")


def _has_missing(frame):
    return any(frame[name].hasnans for name in frame)


def _warn_of_useless(frame):
    found = [
        f"{', '.join(names)} ({why})"
        for why, names in useless_columns(frame).items()
        if names
    ]
    if found:
        warnings.warn(
            f"Columns that tell nothing about new samples: {'; '.join(found)}. Drop "
            "them from X.",
            stacklevel=2,
        )


def _table_of_floats(X: ArrayLike) -> pd.DataFrame:
    frame = as_table(X)
    if frame is None:
        raise ValueError(
            "The encoder was fitted to the columns of a data frame. Pass a data frame "
            "with the same columns."
        )
    return numbers_as_floats(frame)


def _numbers():
    imputer = SimpleImputer(
        strategy="median", add_indicator=True, keep_empty_features=True
    )
    ends = {"a_min": -FARTHEST, "a_max": FARTHEST}
    clip = FunctionTransformer(np.clip, kw_args=ends, feature_names_out="one-to-one")
    return make_pipeline(imputer, StandardScaler(), clip)


def _vectorizer(others):
    try:
        from skrub import DatetimeEncoder, StringEncoder, TableVectorizer
    except ImportError as error:
        raise ImportError(
            f"Columns {others} are not numeric. Encoding them needs skrub, which is "
            'not installed. Run: pip install "sufficient-data[tables]", or drop the '
            "columns."
        ) from error
    return TableVectorizer(
        numeric=_numbers(),
        datetime=make_pipeline(DatetimeEncoder(), _numbers()),
        high_cardinality=StringEncoder(random_state=0),
    )
