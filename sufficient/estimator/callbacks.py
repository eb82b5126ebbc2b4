"""scikit-learn's callbacks along a fit, where scikit-learn has them (from 1.9 on)."""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from sufficient.growing.plan import Plan
from sufficient.ranks import from_first_rank
from sufficient.results import SampleSizeCurve
from sufficient.typing import ArrayLike

if TYPE_CHECKING:
    from sufficient.estimator.fitting import FittingMixin

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in for the one of scikit-learn 1.9; there are no callbacks."""


__all__ = ["CALLBACK_STATE", "CallbackSupportMixin", "follow_with_callbacks"]

# What scikit-learn keeps in the estimator until it has ended the callbacks.
CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


def follow_with_callbacks(
    estimator: FittingMixin, plan: Plan, X: ArrayLike, y: ArrayLike
) -> SampleSizeCurve:
    """Follow a plan, with a task of the callbacks for every measured size.

    A callback gets, on request, an estimator as if `fit` had stopped at that size. If
    it returns True at the end of a size, the fit ends there with an answer.

    Parameters
    ----------
    estimator : SampleSizeEstimator
        Whose callbacks are called.
    plan : Plan
        What to measure.
    X, y : array-like
        For the callbacks.

    Returns
    -------
    SampleSizeCurve
        The answer.
    """
    if not getattr(estimator, "_skl_callbacks", None):
        return plan.follow(estimator.verbose)
    told = _Told(estimator, plan, {"estimator": estimator, "X": X, "y": y})
    told.begin()
    steps = plan.steps(estimator.verbose)
    if plan.run.record:
        next(steps)  # What a kept run had.
    for curve in steps:
        if told.end_size(curve):
            steps.close()
            break
    curve = plan.run.answer()
    told.end(curve)
    return curve


class _Told:
    """The tasks of one fit: the fit itself, and one for each size in it."""

    def __init__(
        self, estimator: FittingMixin, plan: Plan, given: dict[str, Any]
    ) -> None:
        self.estimator, self.given = estimator, given
        done = plan.run.record.last_count
        self.n_to_come = int((plan.growth.measured_counts > done).sum())
        self.fit = estimator._init_callback_context(max_subtasks=self.n_to_come)
        self.size: Any = None

    def begin(self) -> None:
        """Begin the fit and its first size."""
        self.fit.call_on_fit_task_begin(**self.given)
        self._begin_size()

    def end_size(self, curve: SampleSizeCurve) -> bool:
        """End a size and begin the next; whether a callback asks to stop."""
        stop, self.size = self._end(self.size, curve), None
        self._begin_size()
        # All ranks have to agree.
        return from_first_rank(partial(bool, stop))

    def end(self, curve: SampleSizeCurve) -> None:
        """End the fit, and a size that it did without."""
        if self.size is not None:
            self._end(self.size, curve)
        self._end(self.fit, curve)

    def _begin_size(self) -> None:
        if self.n_to_come:
            self.n_to_come -= 1
            self.size = self.fit.subcontext(task_name="size")
            self.size.call_on_fit_task_begin(**self.given)

    def _end(self, task: Any, curve: SampleSizeCurve) -> bool:
        published = partial(_published, self.estimator, curve)
        return task.call_on_fit_task_end(
            reconstruction_attributes=published, **self.given
        )


def _published(estimator: FittingMixin, curve: SampleSizeCurve) -> dict[str, Any]:
    stopped = copy.copy(estimator)
    stopped._publish(curve)
    return {**vars(stopped)}
