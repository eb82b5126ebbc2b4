"""What the net inside does for new samples: predictions, a score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import ClassifierTags, RegressorTags, Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNet

from sufficient.data.parts import in_parts
from sufficient.data.sources import targets_of
from sufficient.data.task import Task
from sufficient.estimator.checked_input import CheckedInputMixin
from sufficient.results import SampleSizeCurve
from sufficient.training.criteria import (
    is_regression,
    lacks_criterion,
    may_be_multilabel,
)
from sufficient.training.inputs import unknown_ids_named
from sufficient.typing import ArrayLike

__all__ = ["FittedNetMixin"]


def _is_classifier(self: FittedNetMixin) -> bool:
    return not self._is_regression()


class FittedNetMixin(CheckedInputMixin):
    """Predict with ``estimator_``, and be a classifier or regressor as it is."""

    estimator_: NeuralNet
    curve_: SampleSizeCurve

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
        return self._in_parts(
            lambda part: task.decode(task.answers(self.estimator_, part)), X
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
        return self._in_parts(self.estimator_.predict_proba, X)

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

    def _in_parts(
        self, function: Callable[[Any], np.ndarray], X: ArrayLike
    ) -> np.ndarray:
        checked = self._checked(X)
        with unknown_ids_named(self.estimator_, checked):
            return in_parts(function, checked)

    def _is_regression(self) -> bool:
        if hasattr(self, "curve_"):
            return self.curve_.task.is_regression
        return is_regression(self.estimator)
