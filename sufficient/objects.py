"""Objects with their targets, as the net takes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from skorch import NeuralNet, NeuralNetBinaryClassifier
from torch import Tensor

from sufficient.stream import Stream

__all__ = ["Objects"]


@dataclass(frozen=True)
class Objects:
    """A set of objects that can be sliced and joined.

    Attributes
    ----------
    X : Tensor or Stream of shape (n, ...)
        Objects.
    y : Tensor of shape (n,) or (n, n_targets)
        Encoded targets.
    """

    X: Tensor | Stream
    y: Tensor

    @classmethod
    def for_net(cls, net: NeuralNet, X: np.ndarray | Stream, y: np.ndarray) -> Objects:
        """Objects on the device of the net, with targets in the type of its loss."""
        one_logit = isinstance(net, NeuralNetBinaryClassifier)
        y = y.astype(np.float32) if one_logit else y
        X = X if isinstance(X, Stream) else torch.as_tensor(X)
        return cls(X, torch.as_tensor(y)).to(net.device)

    def to(self, device: torch.device | str) -> Objects:
        """The same on another device."""
        return Objects(self.X.to(device), self.y.to(device))

    @property
    def in_memory(self) -> Objects:
        """All of them, or as many of the first as fit in memory."""
        return self if isinstance(self.X, Tensor) else self[: self.X.most]

    def __len__(self) -> int:
        return len(self.X)

    def __getitem__(self, rows) -> Objects:
        return Objects(self.X[rows], self.y[rows])

    def __add__(self, other: Objects) -> Objects:
        return Objects(torch.cat([self.X, other.X]), torch.cat([self.y, other.y]))
