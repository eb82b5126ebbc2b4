"""Rows taken a part at a time, so that not all are in memory at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from torch import Tensor

__all__ = ["in_parts", "parts"]

PART_BYTES = 2**25
# Predictions come in batches of so many rows, which parts must not cut.
PREDICTED_TOGETHER = 1024


def parts(n: int, size: int) -> Iterator[slice]:
    """Consecutive slices of at most `size` that cover ``range(n)``."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def in_parts(function: Callable[[Any], np.ndarray], X: Any) -> np.ndarray:
    """``function(X)``, a part of the rows at a time where they are read on demand."""
    if isinstance(X, (np.ndarray, Tensor)):
        return function(X)
    most = PART_BYTES // (4 * int(np.prod(X.shape[1:])))
    size = max(1, most // PREDICTED_TOGETHER) * PREDICTED_TOGETHER
    return np.concatenate([function(X[part]) for part in parts(len(X), size)])
