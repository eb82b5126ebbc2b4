"""What is asked of the net: targets in its terms, and a score for its answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.multiclass import check_classification_targets, type_of_target

__all__ = ["Classification", "Regression", "as_task", "task_state"]


@dataclass(frozen=True)
class Classification:
    """Labels as codes 0 ... C - 1; accuracy.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Labels in sorted order.
    """

    classes: np.ndarray

    @classmethod
    def of(cls, y: np.ndarray, classes=None) -> Classification:
        """The task that the labels y describe."""
        check_classification_targets(y)
        if type_of_target(y).endswith("multioutput"):
            raise ValueError("Classification needs one label per sample, y is 2-D.")
        labels = np.unique(y if classes is None else classes)
        if len(labels) < 2:
            raise ValueError(
                f"y holds one class only ({labels[0]}); at least two are needed to "
                "train a classifier."
            )
        return cls(labels)

    @property
    def n_outputs(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Codes of the labels, int64."""
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            raise ValueError(
                "y holds labels that are not among the classes: "
                f"{', '.join(map(str, unknown[:5]))}."
            )
        return np.searchsorted(self.classes, y).astype(np.int64)

    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Labels of the predicted codes."""
        return self.classes[np.asarray(predictions).astype(int).reshape(-1)]

    def score(self, codes: np.ndarray, predictions: np.ndarray) -> float:
        """Share of right predictions."""
        return float(accuracy_score(codes.reshape(-1), predictions.reshape(-1)))

    def chance(self, codes: np.ndarray, held_out: np.ndarray) -> float:
        """Score of always predicting the class most frequent in training."""
        return float(np.mean(held_out == np.bincount(codes.astype(int)).argmax()))

    def score_std_err(self, score: float, n: int) -> float:
        """Standard error of a score measured on n objects."""
        return float(np.sqrt(max(score * (1 - score), 1 / n) / n))


@dataclass(frozen=True)
class Regression:
    """Targets in units of their spread, so that the tolerance has no unit; R^2.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_targets,)
        Taken off, and divided by.
    flat : bool
        Whether y was one-dimensional.
    """

    mean: np.ndarray
    scale: np.ndarray
    flat: bool

    @classmethod
    def of(cls, y: np.ndarray) -> Regression:
        """The task that the targets y describe."""
        columns = y.reshape(len(y), -1)
        scale = columns.std(axis=0)
        return cls(columns.mean(axis=0), np.where(scale > 0, scale, 1.0), y.ndim == 1)

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
        """Coefficient of determination; 0 for a single object."""
        if len(targets) < 2:
            return 0.0
        return float(r2_score(targets, predictions.reshape(targets.shape)))

    def chance(self, targets: np.ndarray, held_out: np.ndarray) -> float:
        """Score of always predicting the mean."""
        return 0.0

    def score_std_err(self, score: float, n: int) -> float:
        """Standard error of a score measured on n objects, for normal errors."""
        return float(np.sqrt(2 / n) * max(1 - score, 0) + 1 / n)


def task_state(task: Classification | Regression) -> dict:
    """A task in plain values."""
    return {"kind": type(task).__name__, **vars(task)}


def as_task(state: dict) -> Classification | Regression:
    """The task that `task_state` was given."""
    kinds = {"Classification": Classification, "Regression": Regression}
    return kinds[state["kind"]](**{k: v for k, v in state.items() if k != "kind"})
