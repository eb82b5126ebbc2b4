"""Types of arguments that many functions of the library take."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from skorch import NeuralNet
from torch import nn

__all__ = ["ArrayLike", "Encoder", "Net", "RandomState", "Rows"]

# Arrays, tensors, lists, data frames, data sets and tables, or None where documented.
# They have no common type. Public functions check the values.
ArrayLike: TypeAlias = Any
# A skorch net, a torch module or its class, the name of one of the library's nets, or
# None for the default.
Net: TypeAlias = NeuralNet | nn.Module | type[nn.Module] | str | None
# A transformer of scikit-learn or skrub, which have no types; "auto" or None where
# documented.
Encoder: TypeAlias = Any
# As in scikit-learn.
RandomState: TypeAlias = int | np.random.RandomState | None


class Rows(Protocol):
    """Samples, one per row: a tensor, `Fields`, or a `Stream` larger than memory.

    A slice of a tensor is a tensor. A slice of a stream is a tensor if it is short
    enough for memory and a stream otherwise, so slices have no static type.
    """

    @property
    def shape(self) -> torch.Size:
        """Shape (n, ...)."""

    @property
    def device(self) -> torch.device:
        """Device of the tensors."""

    def to(self, device: torch.device | str, /) -> Rows:
        """The same samples on another device."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Any: ...
