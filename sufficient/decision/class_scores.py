"""Scores of each class at every size, and what more data should add to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sufficient.data.by_class import class_names
from sufficient.data.task import Task
from sufficient.decision.class_budget import samples_by_class
from sufficient.decision.forecast_scores import forecast_given
from sufficient.decision.given_scores import SHARES, checked_scores
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.decision.score_range import UP_TO_ONE
from sufficient.results import UNKNOWN_GAIN, Gain, Record

__all__ = ["ClassScores", "class_scores_of"]


@dataclass(frozen=True)
class ClassScores:
    """Scores of each class, label, or bin of a numeric target, along the sizes.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Labels, or intervals of the target as text, in the order of all that follows.
    sizes : ndarray of shape (n_sizes,)
        Training samples of all classes.
    scores : ndarray of shape (n_sizes, n_classes)
        NaN where no held-out sample has the class.
    n_held_out, n_train : ndarray of shape (n_sizes, n_classes)
        Held-out and training samples of each class.
    has_forecast : bool
        Whether every size has its own net, whose scores tell of more data.
    score_name, kind : str
        What the score is called, and what it is of.
    measured_std_err : ndarray of shape (n_sizes, n_classes) or None
        Standard errors of scores that are no shares, and may be negative.
    """

    classes: np.ndarray
    sizes: np.ndarray
    scores: np.ndarray
    n_held_out: np.ndarray
    n_train: np.ndarray
    has_forecast: bool = True
    score_name: str = "recall"
    kind: str = "class"
    measured_std_err: np.ndarray | None = None

    @property
    def std_err(self) -> np.ndarray:
        """Standard errors; of shares as if one more of each kind had been seen."""
        if self.measured_std_err is not None:
            return self.measured_std_err
        smoothed = (self.scores * self.n_held_out + 1) / (self.n_held_out + 2)
        return np.sqrt(smoothed * (1 - smoothed) / (self.n_held_out + 2))

    @property
    def score_range(self) -> tuple[float, float]:
        """Worst and best score there can be."""
        return SHARES if self.measured_std_err is None else UP_TO_ONE

    @cached_property
    def forecasts(self) -> tuple[ScoreForecast | None, ...]:
        """Forecast of each class; None where the last score is not known.

        Shares before the first one above zero are left out.
        """
        return tuple(self._forecast(c) for c in range(len(self.classes)))

    @cached_property
    def gains(self) -> tuple[Gain, ...]:
        """What twice the data should add to each class; NaN where not known."""
        return tuple(
            UNKNOWN_GAIN if one is None else Gain(*one.gain(2))
            for one in self.forecasts
        )

    def label_next(self, n_samples: int) -> dict[Any, int]:
        """How many samples of each class to label next."""
        if not self.has_forecast:
            raise ValueError(
                "There is no forecast of the scores: summary(detail=True) says why."
            )
        rows = self.classes.tolist(), self.forecasts, self.n_train[-1]
        return samples_by_class(*rows, n_samples)

    def _forecast(self, c):
        known = np.isfinite(self.std_err[:, c])
        if not (self.has_forecast and known[-1]):
            return None
        std_err = n_held_out = None
        if self.measured_std_err is None:
            known &= _has_begun(self.scores[:, c])
            # The median, because in a labelling session the held-out part grows.
            n_held_out = int(np.median(self.n_held_out[known, c]))
        else:
            std_err = self.measured_std_err[known, c]
        given = checked_scores(
            self.sizes[known],
            self.scores[known, c],
            std_err=std_err,
            score_range=self.score_range,
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
    """The scores of each class that were measured; None for several numeric targets.

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
    if not len(record.last.class_scores):
        return None
    scores, n_held_out, n_train, std_err = (
        np.array([getattr(one, f"class_{name}") for one in record.measurements])
        for name in ("scores", "held_out", "train_sizes", "std_err")
    )
    score_name, kind = ("recall", "class") if task.has_one_label else ("F1", "label")
    if task.is_regression:
        score_name, kind = "1 - MSE / variance", "target bin"
    return ClassScores(
        classes=class_names(task),
        sizes=record.column("train_size"),
        scores=scores,
        n_held_out=n_held_out,
        n_train=n_train,
        has_forecast=not is_one_net,
        score_name=score_name,
        kind=kind,
        measured_std_err=std_err if task.is_regression else None,
    )
