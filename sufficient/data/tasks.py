"""The tasks: classification with one label or several per sample, and regression."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from skorch import NeuralNet

from sufficient.data.bins import quantile_edges
from sufficient.data.targets import check_varied
from sufficient.data.task import Task
from sufficient.fields import as_given
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

    def score(self, codes: np.ndarray, predictions: np.ndarray) -> float:
        """Accuracy: the share of correct predictions."""
        return float(accuracy_score(codes.reshape(-1), predictions.reshape(-1)))

    def contributions(self, codes: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """1 where a prediction is right, 0 where it is wrong."""
        return (codes.reshape(-1) == predictions.reshape(-1)).astype(np.float64)

    def constant_predictions(self, codes: np.ndarray, n: int) -> np.ndarray:
        """The class most frequent among those seen."""
        return np.full(n, np.bincount(codes.reshape(-1).astype(int)).argmax())

    def constant_losses(
        self, codes: np.ndarray, held_out: np.ndarray, weights: ArrayLike = 1.0
    ) -> np.ndarray:
        """Minus the logarithm of how frequent the true class is."""
        counts = np.bincount(codes.reshape(-1).astype(int), minlength=self.n_outputs)
        shares = weights * (counts + 1)
        losses = -weights * np.log(shares / shares.sum())
        return losses[held_out.reshape(-1).astype(int)]

    def constant_answer(self, y: np.ndarray) -> DummyClassifier:
        """Predicts the most frequent label; classes that are not in y get weight 0."""
        labels = np.concatenate([y, self.classes])
        weights = np.repeat([1.0, 0.0], [len(y), len(self.classes)])
        return DummyClassifier().fit(_no_features(labels), labels, weights)

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
    """

    counted = "labels"
    # Without a default, the abstract property would be taken for one.
    n_outputs: int = 0

    @classmethod
    def of(cls, y: np.ndarray, classes: ArrayLike = None) -> MultiLabel:
        """The task that the rows of y describe."""
        task = cls(y.shape[1] if classes is None else len(classes))
        rows = task.encode(y)
        if classes is None and (rows == rows[0]).all():
            raise ValueError(
                "Every row of y holds the same labels, but a classifier needs at least "
                "two different rows."
            )
        return task

    @property
    def classes(self) -> np.ndarray:
        """Indices of the labels."""
        return np.arange(self.n_outputs)

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

    def score(self, rows: np.ndarray, predictions: np.ndarray) -> float:
        """Subset accuracy: the share of samples whose labels are all correct."""
        return float(accuracy_score(rows, self.decode(predictions)))

    def contributions(self, rows: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """1 where all labels of a sample are right, 0 elsewhere."""
        return (rows == self.decode(predictions)).all(axis=1).astype(np.float64)

    def constant_predictions(self, rows: np.ndarray, n: int) -> np.ndarray:
        """The row most frequent among those seen."""
        kinds, counts = np.unique(rows, axis=0, return_counts=True)
        return np.tile(kinds[counts.argmax()], (n, 1))

    def constant_losses(
        self, rows: np.ndarray, held_out: np.ndarray, weights: ArrayLike = 1.0
    ) -> np.ndarray:
        """Mean over the labels of the log-loss of how frequent each is."""
        shares = (rows.sum(axis=0) + 1) / (len(rows) + 2)
        each = np.where(held_out > 0, -np.log(shares), -np.log1p(-shares))
        return each.mean(axis=1)

    def constant_answer(self, y: np.ndarray) -> DummyClassifier:
        """Predicts the most frequent value of every label."""
        return DummyClassifier().fit(_no_features(y), y)

    def fitted_attributes(self) -> dict[str, np.ndarray]:
        """Indices of the labels."""
        return {"classes_": self.classes}


@dataclass(frozen=True)
class Regression(Task):
    """Numeric targets; the score is R^2.

    Targets are standardised, so that the tolerance has no unit. A criterion that
    depends on more than the difference of output and target, such as a Poisson
    likelihood, needs them unchanged: `mean` is then 0 and `scale` is 1.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_targets,)
        The mean is subtracted from the targets, which are then divided by the scale.
    flat : bool
        Whether y was one-dimensional.
    edges : ndarray of shape (n_bins - 1,)
        Inner edges of bins of the target, in its unit; none for several targets.
    """

    counted = "targets"
    is_regression = True
    mean: np.ndarray
    scale: np.ndarray
    flat: bool
    edges: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, y: np.ndarray, standardise: bool = True) -> Regression:
        """The task that the targets y describe."""
        columns = y.reshape(len(y), -1)
        check_varied(y)
        mean, scale = np.zeros(columns.shape[1]), np.ones(columns.shape[1])
        if standardise:
            mean, spread = columns.mean(axis=0), columns.std(axis=0)
            scale = np.where(spread > 0, spread, 1.0)
        return cls(mean, scale, y.ndim == 1, quantile_edges(columns))

    @property
    def n_outputs(self) -> int:
        """Number of targets."""
        return len(self.mean)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Standardised targets of shape (n, n_targets), float32."""
        return ((y.reshape(len(y), -1) - self.mean) / self.scale).astype(np.float32)

    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Predictions in the unit of y."""
        values = predictions.reshape(len(predictions), -1) * self.scale + self.mean
        return values[:, 0] if self.flat else values

    def score(self, targets: np.ndarray, predictions: np.ndarray) -> float:
        """Coefficient of determination; 0 for a single sample."""
        if len(targets) < 2:
            return 0.0
        # In float64, because the squares may overflow float32.
        predictions = predictions.reshape(targets.shape).astype(np.float64)
        return float(r2_score(targets.astype(np.float64), predictions))

    def contributions(self, targets: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        r"""The score plus the influence of each sample on it.

        .. math:: R^2 - \frac{e_i^2 - (1 - R^2) (y_i - \bar y)^2}{s_y^2}

        averaged over the targets, with :math:`e_i` the error of the prediction. Their
        spread holds for errors of any distribution.
        """
        targets = targets.astype(np.float64)
        errors = (predictions.reshape(targets.shape) - targets) ** 2
        spread = (targets - targets.mean(axis=0)) ** 2
        scale = np.maximum(spread.mean(axis=0), np.finfo(np.float32).tiny)
        unexplained = errors.mean(axis=0) / scale
        influence = (errors - unexplained * spread) / scale
        return (1 - unexplained - influence).mean(axis=1)

    def constant_predictions(self, targets: np.ndarray, n: int) -> np.ndarray:
        """The mean of the targets seen."""
        return np.tile(targets.mean(axis=0), (n, 1))

    def constant_answer(self, y: np.ndarray) -> DummyRegressor:
        """Predicts the mean of y."""
        return DummyRegressor().fit(_no_features(y), y)

    def fitted_attributes(self) -> dict[str, np.ndarray]:
        """Edges of the bins of one target, open at both ends, as `bin_edges_`."""
        if not len(self.edges):
            return {}
        return {"bin_edges_": np.concatenate([[-np.inf], self.edges, [np.inf]])}


def _no_features(y: np.ndarray) -> np.ndarray:
    return np.zeros((len(y), 1))
