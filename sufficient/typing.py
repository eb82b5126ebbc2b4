"""Kinds of arguments that functions all over the library take, named once."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from skorch import NeuralNet

__all__ = ["ArrayLike", "Net", "RandomState", "Rows"]

# Arrays, tensors, lists, data frames, data sets and tables, or None where it says so.
# They have no type in common; what they hold is checked where they come in.
ArrayLike: TypeAlias = Any
# What is trained: a skorch net, the name of one of the library's own, or its default.
Net: TypeAlias = NeuralNet | str | None
# What scikit-learn takes as `random_state`.
RandomState: TypeAlias = int | np.random.RandomState | None


class Rows(Protocol):
    """Samples, one in a row, of which some at a time are tensors: a tensor, a stream.

    Part of a tensor is one, too. Part of what is larger than memory may not be, and
    which part is told by its length; hence no type for parts.
    """

    @property
    def shape(self) -> torch.Size:
        """(n, ...)."""

    @property
    def device(self) -> torch.device:
        """Where the tensors are."""

    def to(self, device: torch.device | str, /) -> Rows:
        """The same on another device."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Any: ...
