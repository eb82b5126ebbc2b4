"""What was seen and measured before a new class came, in the codes of all classes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan

import numpy as np
import torch

from sufficient.data.samples import Samples
from sufficient.data.tasks import Classification
from sufficient.results import Measurement, Record

__all__ = ["NewClasses"]


@dataclass(frozen=True)
class NewClasses:
    """A task with more classes than before.

    Attributes
    ----------
    task : Classification
        With all classes.
    places : ndarray of shape (n_classes_before,), int
        Where those of before stand among all.
    """

    task: Classification
    places: np.ndarray

    @classmethod
    def found(cls, task: Classification, y: np.ndarray) -> NewClasses | None:
        """Those of y; None where there are none, or labels of another type."""
        if y.dtype.kind != task.classes.dtype.kind:
            return None
        labels = np.union1d(task.classes, y)
        if len(labels) == task.n_outputs:
            return None
        return cls(Classification(labels), np.searchsorted(labels, task.classes))

    def samples(self, samples: Samples) -> Samples:
        """The same samples in the codes of all classes."""
        places = torch.as_tensor(self.places, device=samples.y.device)
        return replace(samples, y=places[samples.y.long()].to(samples.y.dtype))

    def record(self, record: Record) -> Record:
        """The same measurements; a new class had no sample and no score.

        Predictions are forgotten: that nets without the class agreed says nothing now.
        """
        return Record(tuple(self._measurement(one) for one in record.measurements))

    def _measurement(self, one: Measurement) -> Measurement:
        return replace(
            one,
            predictions=None,
            class_scores=self._spread(one.class_scores, nan),
            class_held_out=self._spread(one.class_held_out, 0),
            class_train_sizes=self._spread(one.class_train_sizes, 0),
        )

    def _spread(self, values, missing):
        spread = np.full(self.task.n_outputs, missing, dtype=values.dtype)
        spread[self.places] = values
        return spread
