"""Samples with their encoded targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet, NeuralNetBinaryClassifier
from torch import Tensor

from sufficient.data.stream import Stream, as_rows
from sufficient.fields import Fields, from_state, state_of
from sufficient.sample_weights import WeightedTargets
from sufficient.typing import Rows

__all__ = ["Samples"]


@dataclass(frozen=True)
class Samples:
    """A set of samples that can be sliced and concatenated.

    Attributes
    ----------
    X : Tensor, Stream or Fields of shape (n, ...)
        Samples.
    y : Tensor of shape (n,) or (n, n_targets)
        Encoded targets.
    weights : Tensor of shape (n,) or None, default=None
        Weights of the samples in the loss and the score; None if all count the same.
    """

    X: Rows
    y: Tensor
    weights: Tensor | None = None

    @classmethod
    def for_net(
        cls,
        net: NeuralNet,
        X: np.ndarray | Fields | Stream,
        y: np.ndarray,
        weights: np.ndarray | None = None,
    ) -> Samples:
        """Samples on the device of the net, with targets in the dtype of its loss."""
        one_logit = isinstance(net, NeuralNetBinaryClassifier)
        y = y.astype(np.float32) if one_logit else y
        counted = None if weights is None else torch.from_numpy(np.float32(weights))
        return cls(as_rows(X), torch.as_tensor(y), counted).to(net.device)

    def to(self, device: torch.device | str) -> Samples:
        """The same samples on another device."""
        weights = None if self.weights is None else self.weights.to(device)
        return Samples(self.X.to(device), self.y.to(device), weights)

    @property
    def targets(self) -> Tensor | WeightedTargets:
        """What the loss is computed of: targets, with the weights if they differ."""
        return self.y if self.weights is None else WeightedTargets(self.y, self.weights)

    @property
    def counted(self) -> np.ndarray | None:
        """The weights as an array, in float64; None if all count the same."""
        return None if self.weights is None else self.weights.cpu().double().numpy()

    @property
    def in_memory(self) -> Samples:
        """All samples if they fit in memory; otherwise the first ones that do."""
        return self[: self.X.n_in_memory] if isinstance(self.X, Stream) else self

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, rows: Any) -> Samples:
        is_index = isinstance(rows, np.ndarray | Tensor)
        # Once for all parts.
        there = torch.as_tensor(rows, device=self.y.device) if is_index else rows
        weights = None if self.weights is None else self.weights[there]
        X = self.X[rows if isinstance(self.X, Stream) else there]
        return Samples(X, self.y[there], weights)

    def __add__(self, other: Samples) -> Samples:
        X, more = self.X[:], other.X[:]
        X = X + more if isinstance(X, Fields) else torch.cat([X, more])
        y, weights = torch.cat([self.y, other.y]), None
        if self.weights is not None or other.weights is not None:
            weights = torch.cat([self._all_weights, other._all_weights])
        return Samples(X, y, weights)

    @property
    def _all_weights(self):
        ones = torch.ones(len(self), device=self.y.device)
        return ones if self.weights is None else self.weights

    def state(self) -> dict[str, Any]:
        """Samples and targets as plain values and tensors, for storage."""
        return {"X": state_of(self.X), "y": self.y, "weights": self.weights}

    @classmethod
    def resumed(cls, state: dict[str, Any]) -> Samples:
        """The samples of which `state` was taken."""
        return cls(from_state(state["X"]), state["y"], state["weights"])
