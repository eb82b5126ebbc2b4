"""How large a batch is, and after which batches to measure."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np

__all__ = ["batch_counts", "resolve_batch_size"]

BATCH_SIZE = 64
FIRST_COUNT = 4
# With fewer samples a net has hardly learnt, and its flat landscape would look settled.
FIRST_SIZE = 256
RATIO = 1.13


def resolve_batch_size(batch_size: int | str, n_train: int) -> int:
    """The batch size as a number."""
    if batch_size != "auto":
        return int(batch_size)
    return min(BATCH_SIZE, max(1, n_train // 8))


def batch_counts(
    schedule: str | float | Sequence[int], n_batches: int, batch_size: int = BATCH_SIZE
) -> np.ndarray:
    """Batch counts at which the loss landscape is measured.

    Parameters
    ----------
    schedule : "geometric", "all", float or sequence of int
        "geometric" grows by a factor of 1.13 from four batches and 256 samples on (a
        quarter of the data where they are fewer), a float by that factor, "all"
        measures after every batch, a sequence at those counts. The last whole batch
        always belongs to it, except for a sequence.
    n_batches : int
        Whole batches there are.
    batch_size : int, default=64
        Samples in one.

    Returns
    -------
    ndarray of int, increasing
    """
    if isinstance(schedule, str):
        if schedule == "all":
            return np.arange(1, n_batches + 1)
        return _geometric(RATIO, n_batches, batch_size)
    if isinstance(schedule, Real):
        return _geometric(float(schedule), n_batches, batch_size)
    return _given(schedule, n_batches)


def _geometric(ratio, n_batches, batch_size):
    wanted = max(FIRST_COUNT, -(-FIRST_SIZE // batch_size))
    first = min(wanted, max(1, n_batches // 4))
    steps = int(np.log(n_batches / first) / np.log(ratio))
    counts = first * ratio ** np.arange(steps + 1)
    return np.unique([*np.round(counts).astype(int), n_batches])


def _given(schedule, n_batches):
    counts = np.unique(np.asarray(schedule, dtype=int))
    if not len(counts) or counts[0] < 1 or counts[-1] > n_batches:
        raise ValueError(
            f"schedule must hold batch counts between 1 and {n_batches}, the number of "
            f"whole batches in the data; got {list(schedule)}."
        )
    return counts
