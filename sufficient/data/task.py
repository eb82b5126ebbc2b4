"""The interface of a task: how targets are encoded and predictions are scored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from skorch import NeuralNet

from sufficient.fields import as_given

__all__ = ["Task", "Weights", "no_features"]

# One for each sample; None where all count the same.
Weights: TypeAlias = np.ndarray | None


class Task(ABC):
    """How targets are encoded, predictions are scored, and what chance would score.

    Tasks are frozen dataclasses; their fields are stored with a fit.

    Attributes
    ----------
    counted : str
        What each output of the net stands for: "classes", "labels" or "targets".
    is_regression : bool
        Whether targets are numbers. Otherwise they are labels.
    has_one_label : bool
        Whether every sample has exactly one label, so that splits can be stratified.
    """

    counted: ClassVar[str]
    is_regression: ClassVar[bool] = False
    has_one_label: ClassVar[bool] = False

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """Number of outputs of the net for one sample."""

    @abstractmethod
    def encode(self, y: np.ndarray) -> np.ndarray:
        """Targets in the form in which the net is trained on them."""

    @abstractmethod
    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Predictions, as returned by `answers`, in the form of y."""

    def answers(self, net: NeuralNet, X: Any) -> np.ndarray:
        """Predictions of a net, in the form that `score` and `decode` take."""
        return net.predict(as_given(X))

    @abstractmethod
    def score(
        self, encoded: np.ndarray, predictions: np.ndarray, weights: Weights = None
    ) -> float:
        """Score of predictions, in which samples count by weight; larger is better."""

    @abstractmethod
    def contributions(
        self, encoded: np.ndarray, predictions: np.ndarray, weights: Weights = None
    ) -> np.ndarray:
        """What each sample adds to the score, shape (n,).

        Their mean is the score, and their variance over n its squared standard error.
        """

    @abstractmethod
    def constant_predictions(
        self, encoded: np.ndarray, n: int, weights: Weights = None
    ) -> np.ndarray:
        """The best constant answer to the targets seen, for n samples."""

    def constant_losses(
        self,
        encoded: np.ndarray,
        held_out: np.ndarray,
        class_weights: np.ndarray | float = 1.0,
        weights: Weights = None,
    ) -> np.ndarray | None:
        """Log-loss of the frequencies seen, for held-out targets; None for numbers.

        Where classes have weights, of the weighted frequencies, and weighted; weights
        of the samples seen count in the frequencies only.
        """
        return None

    @abstractmethod
    def constant_answer(self, y: np.ndarray, weights: Weights = None) -> BaseEstimator:
        """A dummy estimator fitted to the targets y, which ignores X."""

    @property
    def is_one_number(self) -> bool:
        """Whether every sample has a single numeric target."""
        return self.is_regression and self.n_outputs == 1

    def fitted_attributes(self) -> dict[str, np.ndarray]:
        """Attributes that scikit-learn expects of an estimator fitted to this task."""
        return {}

    def lacks_labels(self, y: np.ndarray) -> bool:
        """Whether a class is missing from y; False unless samples have one label."""
        return False

    def check_can_be_split(self, encoded: np.ndarray) -> None:
        """Raise ValueError if the targets cannot be split with stratification."""
        return


def no_features(y: np.ndarray) -> np.ndarray:
    """Samples for an estimator that ignores them."""
    return np.zeros((len(y), 1))
