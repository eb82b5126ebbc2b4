"""Process rows part by part, so that not all are in memory at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from torch import Tensor

from sufficient.fields import Fields

__all__ = ["in_parts", "parts"]

PART_BYTES = 2**25
# Nets predict batches of this many rows. Parts are multiples of it, so that no batch
# is cut: numbers could change in their last digits.
PREDICTION_BATCH = 1024


def parts(n: int, size: int) -> Iterator[slice]:
    """Consecutive slices of at most `size` that cover ``range(n)``."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def in_parts(function: Callable[[Any], np.ndarray], X: Any) -> np.ndarray:
    """``function(X)``, computed part by part if the rows of X are read on demand."""
    if isinstance(X, (np.ndarray, Tensor, Fields)):
        return function(X)
    n_fit = PART_BYTES // (4 * int(np.prod(X.shape[1:])))
    size = max(1, n_fit // PREDICTION_BATCH) * PREDICTION_BATCH
    return np.concatenate([function(X[part]) for part in parts(len(X), size)])
