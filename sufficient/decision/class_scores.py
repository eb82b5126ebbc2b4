"""Scores of each class at every size, and what more data should add to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sufficient.data.task import Task
from sufficient.decision.forecast_scores import forecast_given
from sufficient.decision.given_scores import SHARES, checked_scores
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.results import UNKNOWN_GAIN, Gain, Record

__all__ = ["ClassScores", "class_scores_of"]


@dataclass(frozen=True)
class ClassScores:
    """Recall of each class, or F1 of each label, along the sizes.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Labels, in the order of all that follows.
    sizes : ndarray of shape (n_sizes,)
        Training samples of all classes.
    scores : ndarray of shape (n_sizes, n_classes)
        NaN where no held-out sample has the class.
    n_held_out, n_train : ndarray of shape (n_sizes, n_classes)
        Held-out and training samples of each class.
    has_forecast : bool
        Whether every size has its own net, whose scores tell of more data.
    """

    classes: np.ndarray
    sizes: np.ndarray
    scores: np.ndarray
    n_held_out: np.ndarray
    n_train: np.ndarray
    has_forecast: bool = True

    @property
    def std_err(self) -> np.ndarray:
        """Standard errors, as if one more sample of each kind had been seen."""
        smoothed = (self.scores * self.n_held_out + 1) / (self.n_held_out + 2)
        return np.sqrt(smoothed * (1 - smoothed) / (self.n_held_out + 2))

    @cached_property
    def forecasts(self) -> tuple[ScoreForecast | None, ...]:
        """Forecast of each class; None where the last score is not known.

        Sizes before the first at which the score is above zero are left out.
        """
        return tuple(self._forecast(c) for c in range(len(self.classes)))

    @cached_property
    def gains(self) -> tuple[Gain, ...]:
        """What twice the data should add to each class; NaN where not known."""
        return tuple(
            UNKNOWN_GAIN if one is None else Gain(*one.gain(2))
            for one in self.forecasts
        )

    def _forecast(self, c):
        known = np.isfinite(self.scores[:, c])
        if not (self.has_forecast and known[-1]):
            return None
        known &= _has_begun(self.scores[:, c])
        # The median, because in a labelling session the held-out part grows.
        n_held_out = int(np.median(self.n_held_out[known, c]))
        given = checked_scores(
            self.sizes[known], self.scores[known, c], score_range=SHARES
        )
        return forecast_given(given, n_held_out)


def _has_begun(scores: np.ndarray) -> np.ndarray:
    """Sizes from the first score above zero on; all where there is none.

    Before that a rare class is never predicted, which tells nothing of the pace at
    which it is learnt.
    """
    begun = np.logical_or.accumulate(scores > 0)
    return begun | ~begun[-1]


def class_scores_of(
    record: Record, task: Task, *, is_one_net: bool
) -> ClassScores | None:
    """The scores of each class that were measured; None for regression.

    Parameters
    ----------
    record : Record
        At least one size.
    task : Task
        Which classes there are.
    is_one_net : bool
        Whether all sizes are seen by one net, whose scores say nothing of more data.

    Returns
    -------
    ClassScores or None
    """
    if task.is_regression:
        return None
    scores, n_held_out, n_train = (
        np.array([getattr(one, name) for one in record.measurements])
        for name in ("class_scores", "class_held_out", "class_train_sizes")
    )
    return ClassScores(
        classes=task.fitted_attributes()["classes_"],
        sizes=record.column("train_size"),
        scores=scores,
        n_held_out=n_held_out,
        n_train=n_train,
        has_forecast=not is_one_net,
    )
