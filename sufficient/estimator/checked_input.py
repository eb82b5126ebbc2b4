"""Samples and targets as a user hands them in: checked, and read where they are."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import (
    _check_y,
    _num_samples,
    check_consistent_length,
    validate_data,
)

from sufficient.data.dtypes import ACCEPTED, in_dtype
from sufficient.data.encoding import chosen_encoder, encoded
from sufficient.data.items import check_finite
from sufficient.data.numbers import check_numbers
from sufficient.data.row_source import RowSource
from sufficient.data.several import read_fields
from sufficient.data.sources import (
    column_of,
    is_source,
    source_of,
)
from sufficient.data.task import Weights
from sufficient.data.weights import checked_weights
from sufficient.fields import Fields, sample_shape
from sufficient.training.criteria import (
    is_regression,
    takes_rows,
)
from sufficient.typing import ArrayLike, Encoder, Net

__all__ = ["CheckedInputMixin"]

INPUT: dict[str, Any] = {
    "dtype": ACCEPTED,
    "allow_nd": True,
    # Checked apart, for a message that names the row.
    "ensure_all_finite": False,
}

Shaped = TypeVar("Shaped", np.ndarray, RowSource, Fields)


class CheckedInputMixin(BaseEstimator):
    """Check samples, and remember what those of the fit were like."""

    estimator: Net
    encoder: Encoder
    encoder_: Encoder
    _input_shape: tuple[int, ...] | dict[str, tuple[int, ...]]
    _input_dtype: str | None
    _columns: list[str] | None

    def _validated(
        self, X: ArrayLike, y: ArrayLike, *, reset: bool, least: int
    ) -> tuple[Any, np.ndarray]:
        regression = is_regression(self.estimator, y)
        if reset:
            self.encoder_ = chosen_encoder(self.encoder, X)
        if self.encoder_ is not None:
            X = self._known_columns(X, reset=reset, least=least)
            return X, self._checked_targets(X, y, regression)
        rules: dict[str, Any] = {"ensure_min_samples": least, **INPUT}
        several = partial(takes_rows, self.estimator)
        inputs = read_fields(X, y)
        if inputs is not None:
            X, y = inputs
            self.n_features_in_ = X.shape[1]
            _check_enough(X, least)
            y = self._checked_targets(X, y, regression)
        elif is_source(X):
            X = self._read_on_demand(X, column_of(y), reset=reset, **rules)
            y = X.checked_targets(y, regression=regression, several=several)
        else:
            check_numbers("X", X)
            rules["multi_output"] = several(y)
            rules["y_numeric"] = regression
            X, y = validate_data(self, X, y, reset=reset, **rules)
            check_finite(X)
        if reset:
            self._input_shape, self._input_dtype = sample_shape(X), None
            self._columns = getattr(X, "columns", None)
        return self._same_shape(X), y

    def _validation_set(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike
    ) -> tuple[Any, np.ndarray, Weights] | None:
        given = [each is not None for each in (X, y, sample_weight)]
        if not any(given):
            return None
        if not all(given[:2]):
            raise ValueError(
                "X_val and y_val belong together, and sample_weight_val to them. Pass "
                "both, or neither."
            )
        X = self._more_samples("X_val", X)
        y = self._checked_targets(X, y, is_regression(self.estimator, y))
        name = "sample_weight_val"
        return X, y, checked_weights(sample_weight, len(y), name, zeros=False)

    def _more_samples(self, name: str, X: ArrayLike) -> Any:
        """Samples like those of the fit, read and checked; None if there are none."""
        if X is None:
            return None
        try:
            if self.encoder_ is None:
                return self._checked(X)[:]
            return self._known_columns(X, reset=False)
        except ValueError as error:
            raise ValueError(f"{name} does not go with X. {error}") from error

    def _checked_targets(
        self, X: ArrayLike, y: ArrayLike, regression: bool
    ) -> np.ndarray:
        several = takes_rows(self.estimator, y)
        y = _check_y(y, multi_output=several, y_numeric=regression)
        check_consistent_length(X, y)
        return y

    def _known_columns(self, X: ArrayLike, *, reset: bool, least: int = 1) -> ArrayLike:
        X = validate_data(self, X, reset=reset, skip_check_array=True)
        _check_enough(X, least)
        return X

    def _checked(self, X: ArrayLike) -> np.ndarray | RowSource | Fields:
        if self.encoder_ is not None:
            X = encoded(self.encoder_, self._known_columns(X, reset=False))
            return self._in_dtype(X)
        inputs = read_fields(X)
        if inputs is not None:
            known, found = self._input_shape, inputs[0]
            only = found.only(known) if isinstance(known, dict) else found
            return self._same_shape(only)
        if is_source(X):
            X = self._read_on_demand(X, reset=False, **INPUT)
            return self._in_dtype(self._same_shape(X))
        check_numbers("X", X)
        X = self._same_shape(validate_data(self, X, reset=False, **INPUT))
        check_finite(X)
        return np.require(self._in_dtype(X), requirements=("C", "W"))

    def _in_dtype(self, X: Shaped) -> Shaped:
        """X as the net takes it; as it is before that is known."""
        dtype = self._input_dtype
        return X if dtype is None else in_dtype(X, np.dtype(dtype))

    def _read_on_demand(
        self, X: ArrayLike, target: str | None = None, *, reset: bool, **rules: Any
    ) -> RowSource:
        names = getattr(self, "feature_names_in_", None)
        known = None if reset else getattr(self, "_columns", None) or names
        X = source_of(X, target=target, features=known)
        validate_data(self, X.head(), reset=reset, **rules)
        return X

    def _same_shape(self, X: Shaped) -> Shaped:
        if sample_shape(X) != self._input_shape:
            raise ValueError(
                f"X has samples of shape {sample_shape(X)}, but "
                f"{type(self).__name__} was fitted on samples of shape "
                f"{self._input_shape}."
            )
        return X


def _check_enough(X: Any, least: int) -> None:
    """Raise scikit-learn's ValueError for fewer samples than needed."""
    check_array(np.zeros((_num_samples(X), 1)), ensure_min_samples=least)
