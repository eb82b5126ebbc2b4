"""The tasks: one label per sample, or several; and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from skorch import NeuralNet

from sufficient.data.regression import Regression
from sufficient.data.task import Task, Weights, no_features
from sufficient.fields import as_given
from sufficient.sample_weights import linearised, weights_or_ones
from sufficient.typing import ArrayLike

__all__ = ["Classification", "MultiLabel", "Regression"]


@dataclass(frozen=True)
class Classification(Task):
    """One label per sample, encoded as 0 ... C - 1; the score is the accuracy.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Labels in sorted order.
    """

    counted = "classes"
    has_one_label = True
    classes: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray, classes: ArrayLike = None) -> Classification:
        """The task that the labels y describe."""
        try:
            check_classification_targets(y)
        except ValueError as error:
            raise ValueError(
                f'{str(error).rstrip(".")}. If y is a quantity, pass estimator="mlp", '
                "or a skorch NeuralNetRegressor; if it holds labels, y.astype(str)."
            ) from error
        if type_of_target(y).endswith("multioutput"):
            raise ValueError("Classification needs one label per sample, y is 2-D.")
        labels = np.unique(y if classes is None else classes)
        if len(labels) < 2:
            raise ValueError(
                f"y holds one class only ({labels[0]}), but a classifier needs at "
                "least two."
            )
        return cls(labels)

    @property
    def n_outputs(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Labels as class indices, int64."""
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            raise ValueError(
                "y holds labels that are not among the classes: "
                f"{', '.join(map(str, unknown[:5]))}."
            )
        return np.searchsorted(self.classes, y).astype(np.int64)

    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Labels of the predicted class indices."""
        return self.classes[np.asarray(predictions).astype(int).reshape(-1)]

    def score(
        self, codes: np.ndarray, predictions: np.ndarray, weights: Weights = None
    ) -> float:
        """Accuracy: the share of correct predictions."""
        given = codes.reshape(-1), predictions.reshape(-1)
        return float(accuracy_score(*given, sample_weight=weights))

    def contributions(
        self, codes: np.ndarray, predictions: np.ndarray, weights: Weights = None
    ) -> np.ndarray:
        """1 where a prediction is right, 0 where it is wrong, if all count the same."""
        right = (codes.reshape(-1) == predictions.reshape(-1)).astype(np.float64)
        return linearised(right, weights)

    def constant_predictions(
        self, codes: np.ndarray, n: int, weights: Weights = None
    ) -> np.ndarray:
        """The class most frequent among those seen."""
        return np.full(n, self._counts(codes, weights).argmax())

    def constant_losses(
        self,
        codes: np.ndarray,
        held_out: np.ndarray,
        class_weights: ArrayLike = 1.0,
        weights: Weights = None,
    ) -> np.ndarray:
        """Minus the logarithm of how frequent the true class is."""
        shares = class_weights * (self._counts(codes, weights) + 1)
        losses = -class_weights * np.log(shares / shares.sum())
        return losses[held_out.reshape(-1).astype(int)]

    def constant_answer(
        self, y: np.ndarray, weights: Weights = None
    ) -> DummyClassifier:
        """Predicts the most frequent label; classes that are not in y get weight 0."""
        labels = np.concatenate([y, self.classes])
        counted = weights_or_ones(weights, len(y))
        weights = np.concatenate([counted, np.zeros(len(self.classes))])
        return DummyClassifier().fit(no_features(labels), labels, weights)

    def _counts(self, codes, weights):
        codes = codes.reshape(-1).astype(int)
        return np.bincount(codes, weights, minlength=self.n_outputs)

    def fitted_attributes(self) -> dict[str, np.ndarray]:
        """The labels as `classes_`."""
        return {"classes_": self.classes}

    def lacks_labels(self, y: np.ndarray) -> bool:
        """Whether a class is missing from y."""
        return set(y) != set(self.classes)

    def check_can_be_split(self, codes: np.ndarray) -> None:
        """Raise ValueError if a class has fewer than two samples."""
        counts = np.bincount(codes, minlength=self.n_outputs)
        rare = self.classes[counts < 2]
        if len(rare):
            raise ValueError(
                f"The class {rare[0]} has fewer than 2 samples, so it cannot be both "
                "trained on and held out. Label more of it, or drop it. If y is a "
                "quantity and not a label, pass a skorch NeuralNetRegressor, such as "
                "sufficient.nets.default_net(regression=True)."
            )


@dataclass(frozen=True)
class MultiLabel(Task):
    """Any number of labels per sample, as rows of 0 and 1; scored by subset accuracy.

    Attributes
    ----------
    n_outputs : int
        Number of labels.
    names : ndarray of shape (n_outputs,) or None, default=None
        Names of the labels; None where they have none.
    """

    counted = "labels"
    # Without a default, the abstract property would be taken for one.
    n_outputs: int = 0
    names: np.ndarray | None = None

    @classmethod
    def of(
        cls, y: np.ndarray, classes: ArrayLike = None, names: ArrayLike = None
    ) -> MultiLabel:
        """The task that the rows of y describe, with names for its columns."""
        known = names if classes is None else np.asarray(classes)
        task = cls(y.shape[1] if known is None else len(known), known)
        rows = task.encode(y)
        if classes is None and (rows == rows[0]).all():
            raise ValueError(
                "Every row of y holds the same labels, but a classifier needs at least "
                "two different rows."
            )
        return task

    @property
    def classes(self) -> np.ndarray:
        """Names of the labels, or their indices."""
        return np.arange(self.n_outputs) if self.names is None else self.names

    def encode(self, y: np.ndarray) -> np.ndarray:
        """The checked rows as float32."""
        if np.shape(y)[1:] != (self.n_outputs,) or not np.isin(y, (0, 1)).all():
            raise ValueError(
                f"y must hold rows of {self.n_outputs} labels, each 0 or 1, got shape "
                f"{np.shape(y)}."
            )
        return np.asarray(y, dtype=np.float32)

    def answers(self, net: NeuralNet, X: Any) -> np.ndarray:
        """Probabilities of all labels; `predict` of a skorch net would choose one."""
        found = net.predict_proba(as_given(X))
        if found.ndim != 2 or np.any((found < 0) | (found > 1)):
            raise ValueError(
                "The net does not predict a probability for each label. Use "
                "criterion=torch.nn.BCEWithLogitsLoss, or pass "
                "predict_nonlinearity=torch.sigmoid if the module returns logits."
            )
        return found

    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Rows of 0 and 1; 1 where the probability of a label is above 1/2."""
        return (predictions > 0.5).astype(np.int64)

    def score(
        self, rows: np.ndarray, predictions: np.ndarray, weights: Weights = None
    ) -> float:
        """Subset accuracy: the share of samples whose labels are all correct."""
        given = rows, self.decode(predictions)
        return float(accuracy_score(*given, sample_weight=weights))

    def contributions(
        self, rows: np.ndarray, predictions: np.ndarray, weights: Weights = None
    ) -> np.ndarray:
        """1 where all labels of a sample are right, 0 elsewhere, if all count alike."""
        right = (rows == self.decode(predictions)).all(axis=1).astype(np.float64)
        return linearised(right, weights)

    def constant_predictions(
        self, rows: np.ndarray, n: int, weights: Weights = None
    ) -> np.ndarray:
        """The row most frequent among those seen."""
        kinds, places = np.unique(rows, axis=0, return_inverse=True)
        counts = np.bincount(places.reshape(-1), weights)
        return np.tile(kinds[counts.argmax()], (n, 1))

    def constant_losses(
        self,
        rows: np.ndarray,
        held_out: np.ndarray,
        class_weights: ArrayLike = 1.0,
        weights: Weights = None,
    ) -> np.ndarray:
        """Mean over the labels of the log-loss of how frequent each is."""
        counted = weights_or_ones(weights, len(rows))
        shares = (counted @ rows + 1) / (counted.sum() + 2)
        each = np.where(held_out > 0, -np.log(shares), -np.log1p(-shares))
        return each.mean(axis=1)

    def constant_answer(
        self, y: np.ndarray, weights: Weights = None
    ) -> DummyClassifier:
        """Predicts the most frequent value of every label."""
        return DummyClassifier().fit(no_features(y), y, weights)

    def fitted_attributes(self) -> dict[str, np.ndarray]:
        """Names of the labels, or their indices."""
        return {"classes_": self.classes}
