"""Groups of samples that are held out together."""

from __future__ import annotations

import numpy as np
from sklearn.utils import column_or_1d

from sufficient.typing import ArrayLike

__all__ = ["checked_groups"]


def checked_groups(groups: ArrayLike, n: int) -> np.ndarray | None:
    """Groups as one label for each of n samples."""
    if groups is None:
        return None
    labels = column_or_1d(groups)
    if len(labels) != n:
        raise ValueError(f"groups has {len(labels):,} entries for {n:,} samples.")
    return np.unique(labels, return_inverse=True)[1]
