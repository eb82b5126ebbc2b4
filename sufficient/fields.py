"""Several inputs of one net, which are sliced and moved together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "Fields",
    "are_fields",
    "as_given",
    "from_state",
    "n_numbers",
    "sample_shape",
    "state_of",
]


@dataclass(frozen=True)
class Fields:
    """Inputs by name, or in order, with one row for each sample.

    Attributes
    ----------
    parts : dict of str to ndarray or Tensor
        The inputs; those in order are called "0", "1" and so on.
    named : bool
        Whether `forward` takes them by name. Otherwise it takes a list of them, as
        skorch passes a tuple.

    Examples
    --------
    >>> import numpy as np
    >>> X = Fields.of({"tokens": np.ones((3, 4), int), "numbers": np.zeros((3, 2))})
    >>> len(X), tuple(X.shape), X[1:].parts["tokens"].shape
    (3, (3, 6), (2, 4))
    """

    parts: dict[str, Any]
    named: bool = True

    @classmethod
    def of(cls, given: Mapping[str, Any] | Iterable[Any]) -> Fields:
        """Fields of a dict, or of a tuple or list."""
        if isinstance(given, Mapping):
            return cls(dict(given))
        return cls({str(i): part for i, part in enumerate(given)}, named=False)

    def map(self, function: Callable[[Any], Any]) -> Fields:
        """The same inputs, each changed by a function."""
        changed = {name: function(part) for name, part in self.parts.items()}
        return Fields(changed, self.named)

    def only(self, names: Iterable[str]) -> Fields:
        """Those of these names; all where one is missing."""
        wanted = list(names)
        if not self.parts.keys() >= set(wanted):
            return self
        return Fields({name: self.parts[name] for name in wanted}, self.named)

    def tensors(self) -> Fields:
        """The inputs as tensors."""
        return self.map(torch.as_tensor)

    @property
    def first(self) -> Any:
        """The first input."""
        return next(iter(self.parts.values()))

    @property
    def shape(self) -> torch.Size:
        """Samples, and numbers in a sample, as if all inputs lay side by side."""
        return torch.Size((len(self), n_numbers(sample_shape(self))))

    @property
    def device(self) -> torch.device:
        """Device of the tensors."""
        return self.first.device

    def to(self, device: torch.device | str) -> Fields:
        """The same inputs on another device."""
        return self.map(lambda part: part.to(device))

    def cpu(self) -> Fields:
        """The same inputs in main memory."""
        return self.to("cpu")

    def numpy(self) -> Fields:
        """The inputs as arrays."""
        return self.map(Tensor.numpy)

    def clone(self) -> Fields:
        """A copy."""
        return self.map(Tensor.clone)

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, rows: Any) -> Fields:
        return self.map(lambda part: part[rows])

    def __add__(self, other: Fields) -> Fields:
        joined = {
            name: torch.cat([part, other.parts[name]])
            for name, part in self.parts.items()
        }
        return Fields(joined, self.named)

    def __str__(self) -> str:
        shown = (
            f"{name} {tuple(part.shape)} {str(part.dtype).removeprefix('torch.')}"
            for name, part in self.parts.items()
        )
        return ", ".join(shown)


def are_fields(X: Any) -> bool:
    """Whether X is several inputs: a dict, or a tuple or list of arrays or tensors."""
    if isinstance(X, Mapping):
        return True
    return isinstance(X, (tuple, list)) and all(
        isinstance(part, (np.ndarray, Tensor)) and part.ndim for part in X
    )


def as_given(X: Any) -> Any:
    """Several inputs as skorch passes them on, a dict or a list; others as they are."""
    if not isinstance(X, Fields):
        return X
    return dict(X.parts) if X.named else list(X.parts.values())


def state_of(X: Any) -> Any:
    """Several inputs as plain values, for storage; others as they are."""
    return vars(X) if isinstance(X, Fields) else X


def from_state(state: Any) -> Any:
    """The samples of which `state_of` was taken."""
    if not isinstance(state, dict):
        return state
    return Fields(state["parts"], bool(state["named"]))


def sample_shape(X: Any) -> Any:
    """Shape of one sample, or of each of its inputs by name."""
    if isinstance(X, Fields):
        return {name: tuple(part.shape[1:]) for name, part in X.parts.items()}
    return tuple(X.shape[1:])


def n_numbers(shape: Any) -> int:
    """How many numbers a sample of this shape, or these shapes, has."""
    return sum(map(prod, shape.values())) if isinstance(shape, dict) else prod(shape)
