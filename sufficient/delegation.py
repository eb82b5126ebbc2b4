"""What the net inside does for new objects: validated input, predictions, a score."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from sufficient.checks import check_numbers
from sufficient.preparation import is_regression, may_be_multilabel, takes_rows

__all__ = ["FittedNetMixin"]


def _is_classifier(self):
    return not self._is_regression()


class FittedNetMixin:
    """Predict with ``estimator_``, and be a classifier or regressor as it is."""

    def predict(self, X) -> np.ndarray:
        """Predict with the net at the size where the loop stopped.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Objects.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
            Labels, rows of 0 and 1 where the net was fitted on such, or regression
            targets in their own unit.
        """
        check_is_fitted(self)
        task = self.curve_.task
        return task.decode(task.answers(self.estimator_, self._checked(X)))

    @available_if(_is_classifier)
    def predict_proba(self, X) -> np.ndarray:
        """Class probabilities of the net at the size where the loop stopped.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Objects.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`. The rows sum to 1 unless an object may have
            several labels.
        """
        check_is_fitted(self)
        return self.estimator_.predict_proba(self._checked(X))

    def score(self, X, y) -> float:
        """Accuracy on the given data, or the coefficient of determination.

        As of any classifier or regressor, whatever `scoring` is. With several labels an
        answer is right where all labels of the object are.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Objects.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            True labels or targets.

        Returns
        -------
        float
        """
        metric = r2_score if self._is_regression() else accuracy_score
        return float(metric(y, self.predict(X)))

    def __sklearn_tags__(self):
        """Classifier or regressor, as the net inside is."""
        tags = super().__sklearn_tags__()
        if self._is_regression():
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
            tags.target_tags.multi_output = True
            tags.target_tags.single_output = True
        else:
            several = may_be_multilabel(self.estimator)
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_label=several)
            tags.target_tags.multi_output = several
        tags.target_tags.required = True
        tags.input_tags.sparse = False
        tags.input_tags.allow_nan = False
        return tags

    def _is_regression(self):
        return is_regression(self.estimator)

    def _validated(self, X, y, *, reset, least):
        regression = self._is_regression()
        check_numbers("X", X)
        X, y = validate_data(
            self,
            X,
            y,
            reset=reset,
            dtype=np.float32,
            allow_nd=True,
            multi_output=takes_rows(self.estimator, y),
            y_numeric=regression,
            ensure_min_samples=least,
        )
        if reset:
            self._input_shape = X.shape[1:]
        return self._same_shape(X), y

    def _checked(self, X):
        check_numbers("X", X)
        X = validate_data(self, X, reset=False, dtype=np.float32, allow_nd=True)
        return np.require(self._same_shape(X), requirements=("C", "W"))

    def _same_shape(self, X):
        if X.shape[1:] != self._input_shape:
            raise ValueError(
                f"X has objects of shape {X.shape[1:]}, but {type(self).__name__} was "
                f"fitted on objects of shape {self._input_shape}."
            )
        return X
