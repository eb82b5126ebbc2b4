"""Samples that are in the training part and in the held-out part as well."""

from __future__ import annotations

import warnings

import numpy as np
from torch import Tensor

from sufficient.typing import Rows

__all__ = ["share_of_copies", "warn_of_copies"]

# Fewer copies than this hardly change the score.
TOLERATED, LEAST_COPIES = 0.01, 5


def warn_of_copies(train: Rows, held_out: Rows) -> None:
    """Warn where held-out samples have been trained on under another number.

    Parameters
    ----------
    train, held_out : Tensor of shape (n, ...)
        Samples. Nothing is done where they are read on demand.
    """
    if not isinstance(train, Tensor) or not isinstance(held_out, Tensor):
        return
    share = share_of_copies(train.cpu().numpy(), held_out.cpu().numpy())
    if share > TOLERATED and share * len(held_out) >= LEAST_COPIES:
        warnings.warn(
            f"{share:.0%} of the held-out samples are exact copies of training "
            "samples. Unless new samples will be copies as well, the score is better "
            "than theirs: drop duplicates, or pass groups= to keep copies together.",
            stacklevel=2,
        )


def share_of_copies(train: np.ndarray, held_out: np.ndarray) -> float:
    """Share of the held-out rows that are among the training rows.

    Rows with equal random projections are equal, but for an accident that rounding
    makes as rare as one in 2 to the 50th.

    Examples
    --------
    >>> import numpy as np
    >>> train = np.array([[0.0, 1.0], [2.0, 3.0]])
    >>> share_of_copies(train, np.array([[2.0, 3.0], [4.0, 5.0]]))
    0.5
    """
    flat = [rows.reshape(len(rows), -1) for rows in (train, held_out)]
    direction = np.random.default_rng(0).standard_normal(flat[0].shape[1])
    # Row by row in the same order, so that equal rows give equal sums.
    seen, asked = (np.einsum("ij,j->i", rows, direction) for rows in flat)
    return float(np.isin(asked, seen).mean())
