"""Labelled batches that arrive one by one, and an answer after each."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import _fit_context

from sufficient.data.targets import check_names_of_labels, names_of_labels
from sufficient.data.tasks import MultiLabel
from sufficient.data.weights import checked_weights
from sufficient.estimator.answer import AnswerMixin
from sufficient.estimator.waiting import Waiting
from sufficient.fields import sample_shape
from sufficient.growing.plan import task_of
from sufficient.growing.session import LabellingSession
from sufficient.reproducibility.seeds import drawn_seed, one_fit_at_a_time
from sufficient.settings import Settings
from sufficient.typing import ArrayLike, Encoder, Net, RandomState

if TYPE_CHECKING:
    from sufficient.estimator.estimator import SampleSizeEstimator

__all__ = ["LabellingMixin"]

# Two decorators stand between a warning in `partial_fit` and the caller.
WRAPPERS = 4
TOO_LATE = (
    "X_unlabelled belongs to the first call of partial_fit, because all nets have to "
    "predict the same samples. Leave it out from the second call on."
)


class LabellingMixin(AnswerMixin):
    """Measure on every batch that arrives, then train on it."""

    estimator: Net
    random_state: RandomState
    encoder_: Encoder
    _session: LabellingSession
    _waiting: Waiting | None

    @_fit_context(prefer_skip_nested_validation=False)
    @one_fit_at_a_time()
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike = None,
        sample_weight: ArrayLike = None,
        *,
        X_unlabelled: ArrayLike = None,
    ) -> SampleSizeEstimator:
        """Take in the next labelled samples and update the answer.

        A batch is measured on and trained on at once. Fewer samples, down to a single
        one, wait until they are a batch: `batch_size` of them, or 16 where that is
        "auto". `n_waiting_` says how many wait; the answer is that of the last
        measurement, and before the first the estimator counts as not fitted.

        A fifth of the batch (or `validation_fraction` of it) is held out for good. The
        rest tells how the landscape would change, and is then trained on: the net is
        one batch ahead of the curves. Batches should be of about the same size, since
        `k_star_` counts them in units of the first.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, channels, \
height, width), or dict or tuple of such
            New samples only.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their labels or targets.
        classes : array-like of shape (n_classes,), default=None
            All labels there can be; read on the first call, and others are refused
            from then on. None takes new labels as they come.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the loss and the score, above 0. They are divided
            by the mean weight of the first batch; None is a weight of 1 for all.
        X_unlabelled : array-like, default=None
            Samples without targets, on which successive nets are compared from the
            first call on, as in `fit`. They may be labelled later.

        Returns
        -------
        SampleSizeEstimator
            Itself; `verdict_` says whether to go on labelling.

        Raises
        ------
        ValueError
            If y holds labels that `classes` lacks, the first batch has one label only,
            a weight is not above 0, or `X_unlabelled` comes after the first call. The
            session goes on as if these samples had not come.

        Warns
        -----
        UserWarning
            If a label is new after the first batch.

        Notes
        -----
        With a new label the session goes on as if `classes` had named it from the
        start: nets have one more output from now on, earlier scores stay as they were
        measured, and the new class has none there. So the score may fall, as the
        question has become harder, and `prediction_agreement_` begins anew. A net of
        your own has to take `n_outputs`. With ``training="update"`` the one net begins
        anew, on all samples so far.
        """
        session, kept = getattr(self, "_session", None), getattr(self, "_waiting", None)
        is_first = session is None and kept is None
        if X_unlabelled is not None and not is_first:
            raise ValueError(TOO_LATE)
        names = names_of_labels(y)
        if session is not None and isinstance(session.task, MultiLabel):
            check_names_of_labels(y, session.task.classes)
        elif kept is not None and kept.names is not None:
            check_names_of_labels(y, kept.names)
        X, y = self._validated(X, y, reset=is_first, least=1)
        weights = checked_weights(sample_weight, len(y), zeros=False)
        unlabelled = self._more_samples("X_unlabelled", X_unlabelled)
        new = Waiting(X, y, classes, weights, unlabelled, names)
        batch = new if kept is None else kept.and_then(new)
        self._check_targets(session, y, batch.classes)
        if not self._is_complete(session, batch, len(y)):
            self._wait(batch.in_memory())
            return self
        if session is None:
            session = self._new_session(batch)
        known = getattr(self, "classes_", None) if session.n_calls else None
        self._publish(session.arrive(batch.X, batch.y, batch.weights))
        self._input_shape = sample_shape(session.seen.X)
        self._session = session
        self._input_dtype = session.run.input_dtype.name
        self._wait(None)
        if known is not None and len(known) < len(self.classes_):
            warnings.warn(
                _new_labels(np.setdiff1d(self.classes_, known)), stacklevel=WRAPPERS
            )
        return self

    def _check_targets(
        self, session: LabellingSession | None, y: np.ndarray, classes: ArrayLike
    ) -> None:
        if session is not None:
            session.check_targets(y)
        elif classes is not None:
            task_of(self.estimator, y, classes).encode(y)

    def _is_complete(
        self, session: LabellingSession | None, batch: Waiting, n_new: int
    ) -> bool:
        """Whether to measure now; a batch in one piece is refused if it will not do."""
        settings = Settings.of(self)
        known = session is not None or batch.classes is not None
        in_one_piece = n_new == len(batch)
        return batch.is_batch(settings) and (known or in_one_piece or batch.is_varied)

    def _wait(self, samples: Waiting | None) -> None:
        self._waiting = samples
        self.n_waiting_ = 0 if samples is None else len(samples)

    def _new_session(self, batch: Waiting) -> LabellingSession:
        self._forget("train_indices_", "validation_indices_")
        return LabellingSession(
            self.estimator,
            task_of(self.estimator, batch.y, batch.classes, batch.names),
            Settings.of(self),
            drawn_seed(self.random_state),
            encoder=self.encoder_,
            takes_new_classes=batch.classes is None,
            unlabelled=batch.unlabelled,
        )


def _new_labels(labels: np.ndarray) -> str:
    return (
        f"New labels: {', '.join(map(str, labels[:5]))}. The net has an output for "
        "each from now on, and earlier scores were measured without them. Name all "
        "labels there can be in the first call of partial_fit: classes=[...]."
    )
