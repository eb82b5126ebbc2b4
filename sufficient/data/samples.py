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
    """

    X: Rows
    y: Tensor

    @classmethod
    def for_net(
        cls, net: NeuralNet, X: np.ndarray | Fields | Stream, y: np.ndarray
    ) -> Samples:
        """Samples on the device of the net, with targets in the dtype of its loss."""
        one_logit = isinstance(net, NeuralNetBinaryClassifier)
        y = y.astype(np.float32) if one_logit else y
        return cls(as_rows(X), torch.as_tensor(y)).to(net.device)

    def to(self, device: torch.device | str) -> Samples:
        """The same samples on another device."""
        return Samples(self.X.to(device), self.y.to(device))

    @property
    def in_memory(self) -> Samples:
        """All samples if they fit in memory; otherwise the first ones that do."""
        return self[: self.X.n_in_memory] if isinstance(self.X, Stream) else self

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, rows: Any) -> Samples:
        if not isinstance(rows, np.ndarray | Tensor):
            return Samples(self.X[rows], self.y[rows])
        there = torch.as_tensor(rows, device=self.y.device)  # once for both
        return Samples(
            self.X[rows if isinstance(self.X, Stream) else there], self.y[there]
        )

    def __add__(self, other: Samples) -> Samples:
        X, more = self.X[:], other.X[:]
        X = X + more if isinstance(X, Fields) else torch.cat([X, more])
        return Samples(X, torch.cat([self.y, other.y]))

    def state(self) -> dict[str, Any]:
        """Samples and targets as plain values and tensors, for storage."""
        return {"X": state_of(self.X), "y": self.y}

    @classmethod
    def resumed(cls, state: dict[str, Any]) -> Samples:
        """The samples of which `state` was taken."""
        return cls(from_state(state["X"]), state["y"])
