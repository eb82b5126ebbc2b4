"""Labelled batches that arrive one by one, and an answer after each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import _fit_context

from sufficient.estimator.answer import AnswerMixin
from sufficient.growing.plan import task_of
from sufficient.growing.session import LabellingSession
from sufficient.reproducibility.seeds import drawn_seed, one_fit_at_a_time
from sufficient.settings import Settings
from sufficient.typing import ArrayLike, Net, RandomState

if TYPE_CHECKING:
    from sufficient.estimator.estimator import SampleSizeEstimator

__all__ = ["LabellingMixin"]


class LabellingMixin(AnswerMixin):
    """Measure on every batch that arrives, then train on it."""

    estimator: Net
    random_state: RandomState
    _session: LabellingSession

    @_fit_context(prefer_skip_nested_validation=False)
    @one_fit_at_a_time()
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, classes: ArrayLike = None
    ) -> SampleSizeEstimator:
        """Take in the next labelled batch and update the answer.

        A fifth of the batch (or `validation_fraction` of it) is held out for good. The
        rest tells how the landscape would change, and is then trained on: the net is
        one batch ahead of the curves. Batches should be of about the same size, since
        `k_star_` counts them in units of the first.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, channels, \
height, width)
            Samples of this batch only.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their labels or targets.
        classes : array-like of shape (n_classes,), default=None
            All labels there can be; read on the first call. None takes those of the
            first batch.

        Returns
        -------
        SampleSizeEstimator
            Itself; `verdict_` says whether to go on labelling.
        """
        session = getattr(self, "_session", None)
        X, y = self._validated(X, y, reset=session is None, least=2)
        if session is None:
            session = self._new_session(y, classes)
        self._publish(session.arrive(X, y))
        self._session = session
        self._input_dtype = session.run.input_dtype.name
        return self

    def _new_session(self, y: np.ndarray, classes: ArrayLike) -> LabellingSession:
        self._forget("train_indices_", "validation_indices_")
        return LabellingSession(
            self.estimator,
            task_of(self.estimator, y, classes),
            Settings.of(self),
            drawn_seed(self.random_state),
        )
