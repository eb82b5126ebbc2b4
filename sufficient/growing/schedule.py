"""How large a batch is, and after which batches to measure."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np

__all__ = ["batch_counts", "resolve_batch_size"]

BATCH_SIZE = 64


def resolve_batch_size(batch_size: int | str, n_train: int) -> int:
    """The batch size as a number."""
    if batch_size != "auto":
        return int(batch_size)
    return min(BATCH_SIZE, max(1, n_train // 8))


def batch_counts(
    schedule: str | float | Sequence[int],
    n_batches: int,
    batch_size: int,
    *,
    ratio: float,
    first_size: int,
) -> np.ndarray:
    """Batch counts at which the loss landscape is measured.

    Parameters
    ----------
    schedule : "geometric", "all", float or sequence of int
        "geometric" grows by about the factor `ratio` from `first_size` samples on (a
        quarter of the data where they are fewer), a float by that factor, "all"
        measures after every batch, a sequence at those counts. The last batch always
        belongs to it, except for a sequence.
    n_batches : int
        Batches there are; the last may not be full.
    batch_size : int
        Samples in one.
    ratio : float
        Factor between two sizes.
    first_size : int
        Smallest size in samples.

    Returns
    -------
    ndarray of int, increasing
    """
    if isinstance(schedule, str):
        if schedule == "all":
            return np.arange(1, n_batches + 1)
        return _geometric(ratio, n_batches, -(-first_size // batch_size))
    if isinstance(schedule, Real):
        return _geometric(float(schedule), n_batches, -(-first_size // batch_size))
    return _given(schedule, n_batches)


def _geometric(ratio, n_batches, first):
    """Evenly spaced in logarithms, so that no two sizes are closer than the others."""
    first = min(first, max(1, n_batches // 4))
    steps = max(1, round(np.log(n_batches / first) / np.log(ratio)))
    return np.unique(np.geomspace(first, n_batches, steps + 1).round().astype(int))


def _given(schedule, n_batches):
    counts = np.unique(np.asarray(schedule, dtype=int))
    if not len(counts) or counts[0] < 1 or counts[-1] > n_batches:
        raise ValueError(
            f"schedule must hold batch counts between 1 and {n_batches}, the number of "
            f"whole batches in the data; got {list(schedule)}."
        )
    return counts
