"""What is asked of a net: targets in its terms, and a score for its answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from skorch import NeuralNet

__all__ = ["Task"]


class Task(ABC):
    """How targets are read, answers are scored, and luck is told from learning.

    Tasks are frozen dataclasses: their fields are what is stored of them.

    Attributes
    ----------
    counted : str
        What the outputs of the net stand for, one each.
    is_regression : bool
        Whether targets are numbers. Otherwise they are labels.
    has_one_label : bool
        Whether every sample has one label, so that any part can have its due of each.
    """

    counted: ClassVar[str]
    is_regression: ClassVar[bool] = False
    has_one_label: ClassVar[bool] = False

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """Numbers that the net answers for a sample."""

    @abstractmethod
    def encode(self, y: np.ndarray) -> np.ndarray:
        """Targets as the net is trained on them."""

    @abstractmethod
    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """What `answers` gave in terms of y."""

    def answers(self, net: NeuralNet, X: Any) -> np.ndarray:
        """What `score` and `decode` take as predictions."""
        return net.predict(X)

    @abstractmethod
    def score(self, encoded: np.ndarray, predictions: np.ndarray) -> float:
        """How right predictions are; larger is better."""

    @abstractmethod
    def chance(self, encoded: np.ndarray, held_out: np.ndarray) -> float:
        """Score on held-out targets of the best constant answer to those seen."""

    @abstractmethod
    def score_std_err(self, score: float, n: int) -> float:
        """Standard error of a score measured on n samples."""

    @abstractmethod
    def constant_answer(self, y: np.ndarray) -> BaseEstimator:
        """An estimator fitted to the targets y that does not look at X."""

    def fitted_attributes(self) -> dict[str, np.ndarray]:
        """What an estimator that solves it has, by the conventions of scikit-learn."""
        return {}

    def lacks_labels(self, y: np.ndarray) -> bool:
        """Whether some label there can be is missing from y, where each has but one."""
        return False

    def check_can_be_split(self, encoded: np.ndarray) -> None:
        """Raise ValueError where no part can be held out that is like the rest."""
        return
