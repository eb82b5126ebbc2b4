"""What the net inside does for new samples: validated input, predictions, a score."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import ClassifierTags, RegressorTags, Tags, check_array
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_y,
    _num_samples,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)
from skorch import NeuralNet

from sufficient.data.dtypes import ACCEPTED, in_dtype
from sufficient.data.encoding import chosen_encoder, encoded
from sufficient.data.items import check_finite
from sufficient.data.numbers import check_numbers
from sufficient.data.parts import in_parts
from sufficient.data.row_source import RowSource
from sufficient.data.several import read_fields
from sufficient.data.sources import (
    column_of,
    is_source,
    source_of,
    targets_of,
)
from sufficient.data.task import Task, Weights
from sufficient.data.weights import checked_weights
from sufficient.fields import Fields, sample_shape
from sufficient.results import SampleSizeCurve
from sufficient.training.criteria import (
    is_regression,
    lacks_criterion,
    may_be_multilabel,
    takes_rows,
)
from sufficient.typing import ArrayLike, Encoder, Net

__all__ = ["FittedNetMixin"]

INPUT: dict[str, Any] = {
    "dtype": ACCEPTED,
    "allow_nd": True,
    # Checked apart, for a message that names the row.
    "ensure_all_finite": False,
}

Shaped = TypeVar("Shaped", np.ndarray, RowSource, Fields)


def _is_classifier(self: FittedNetMixin) -> bool:
    return not self._is_regression()


class FittedNetMixin(BaseEstimator):
    """Predict with ``estimator_``, and be a classifier or regressor as it is."""

    estimator: Net
    encoder: Encoder
    encoder_: Encoder
    estimator_: NeuralNet
    curve_: SampleSizeCurve
    _input_shape: tuple[int, ...] | dict[str, tuple[int, ...]]
    _input_dtype: str | None
    _columns: list[str] | None

    def set_params(self, **params: Any) -> FittedNetMixin:
        """Set parameters of the estimator, or, by ``estimator__``, of its net.

        Parameters
        ----------
        **params
            New values.

        Returns
        -------
        FittedNetMixin
            Itself.

        Raises
        ------
        ValueError
            If there is no such parameter, or the net is given by name or as a module.
        """
        net = params.get("estimator", self.estimator)
        inner = [name for name in params if name.startswith("estimator__")]
        if inner and (net is None or lacks_criterion(net)):
            is_named = net is None or isinstance(net, str)
            what = f"estimator={net!r} is a name" if is_named else "this is a module"
            given = f'"{net or "mlp"}"' if is_named else "module"
            raise ValueError(
                f"{inner[0]} is a parameter of a net, and {what}. "
                f"Pass the net itself: estimator=sufficient.nets.default_net({given})."
            )
        return super().set_params(**params)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict with the net at the size where the loop stopped.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            Labels, rows of 0 and 1 where the net was fitted on such, or regression
            targets in their own unit.
        """
        check_is_fitted(self)
        task: Task = self.curve_.task
        return in_parts(
            lambda part: task.decode(task.answers(self.estimator_, part)),
            self._checked(X),
        )

    @available_if(_is_classifier)
    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Class probabilities of the net at the size where the loop stopped.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`. The rows sum to 1 unless a sample may have
            several labels.
        """
        check_is_fitted(self)
        return in_parts(self.estimator_.predict_proba, self._checked(X))

    def score(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike = None
    ) -> float:
        """Accuracy on the given data, or the coefficient of determination.

        As of any classifier or regressor, whatever `scoring` is. With several labels an
        answer is right where all labels of the sample are.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            True labels or targets.
        sample_weight : array-like of shape (n_samples,), default=None
            By which samples count.

        Returns
        -------
        float
        """
        metric = r2_score if self._is_regression() else accuracy_score
        given = targets_of(X, y), self.predict(X)
        return float(metric(*given, sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Tags:
        """Classifier or regressor, as the net inside is."""
        tags = super().__sklearn_tags__()
        if self._is_regression():
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
            tags.target_tags.multi_output = True
            tags.target_tags.single_output = True
        else:
            free = lacks_criterion(self.estimator)
            several = free or may_be_multilabel(self.estimator)
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_label=several)
            tags.target_tags.multi_output = several
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = False
        return tags

    def _is_regression(self) -> bool:
        if hasattr(self, "curve_"):
            return self.curve_.task.is_regression
        return is_regression(self.estimator)

    def _validated(
        self, X: ArrayLike, y: ArrayLike, *, reset: bool, least: int
    ) -> tuple[Any, np.ndarray]:
        regression = is_regression(self.estimator, y)
        if reset:
            self.encoder_ = chosen_encoder(self.encoder, X)
        if self.encoder_ is not None:
            X = self._known_columns(X, reset=reset)
            _check_enough(X, least)
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

    def _known_columns(self, X: ArrayLike, *, reset: bool) -> ArrayLike:
        return validate_data(self, X, reset=reset, skip_check_array=True)

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
