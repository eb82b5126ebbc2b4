"""The growing training set, and the samples that are never trained on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sufficient.data.samples import Samples
from sufficient.typing import Rows

__all__ = ["Fresh", "Growth"]


@dataclass(frozen=True)
class Fresh:
    """Samples that a net has not been trained on.

    Attributes
    ----------
    upcoming : Samples
        What comes next in the order.
    held_out : Samples
        What is never trained on.
    unlabelled : Tensor, Fields or None, default=None
        Samples without targets, on which nets are compared.
    """

    upcoming: Samples
    held_out: Samples
    unlabelled: Rows | None = None


@dataclass(frozen=True)
class Growth:
    """Nested training sets of k batches, and where to measure.

    Attributes
    ----------
    pool : Samples
        Training samples in the order in which they are added.
    held_out : Samples
        Samples that are never trained on.
    batch_size : int
        Samples in a batch.
    measured_counts : ndarray of int
        Numbers of batches at which to measure, increasing.
    n_upcoming : int
        Upcoming samples that a measurement is given, at most.
    unlabelled : Tensor, Fields or None, default=None
        Samples without targets, on which nets are compared.
    """

    pool: Samples
    held_out: Samples
    batch_size: int
    measured_counts: np.ndarray
    n_upcoming: int
    unlabelled: Rows | None = None

    @property
    def at_its_end(self) -> Growth:
        """The same set, measured only when it is complete."""
        return replace(self, measured_counts=self.measured_counts[-1:])

    def counts_after(self, k: int) -> range:
        """Numbers of batches that are still to come."""
        return range(k + 1, self.last_count + 1)

    def is_measured(self, k: int) -> bool:
        """Whether the landscape is measured at k batches."""
        return k in self.measured_counts

    @property
    def last_count(self) -> int:
        """Number of batches at the last measured size."""
        return int(self.measured_counts[-1])

    def first(self, k: int) -> Samples:
        """The first k batches."""
        return self.pool[: k * self.batch_size]

    def fresh_after(self, k: int) -> Fresh:
        """Samples that no net trained on k batches has seen."""
        n = k * self.batch_size
        upcoming = self.pool[n : n + self.n_upcoming]
        return Fresh(upcoming, self.held_out, self.unlabelled)
