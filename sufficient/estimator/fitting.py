"""`fit`: validate the data, follow the plan, publish the answer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sklearn.base import _fit_context

from sufficient.data.groups import checked_groups
from sufficient.data.targets import names_of_labels
from sufficient.data.weights import checked_weights
from sufficient.estimator.answer import AnswerMixin
from sufficient.estimator.callbacks import (
    CALLBACK_STATE,
    CallbackSupportMixin,
    follow_with_callbacks,
)
from sufficient.estimator.prediction import FittedNetMixin
from sufficient.growing.plan import plan_run
from sufficient.report.summary import warn_of_weaknesses
from sufficient.reproducibility.seeds import one_fit_at_a_time
from sufficient.settings import Settings
from sufficient.typing import ArrayLike, Net, RandomState

if TYPE_CHECKING:
    from sufficient.estimator.estimator import SampleSizeEstimator

__all__ = ["FittingMixin"]

# Two decorators stand between a warning in `fit` and the caller.
WRAPPERS = 5


class FittingMixin(FittedNetMixin, AnswerMixin, CallbackSupportMixin):
    """Grow, train, measure and answer."""

    estimator: Net
    checkpoint: str | os.PathLike[str] | None
    random_state: RandomState
    verbose: int

    @_fit_context(prefer_skip_nested_validation=False)
    @one_fit_at_a_time()
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike = None,
        sample_weight: ArrayLike = None,
        *,
        groups: ArrayLike = None,
        X_val: ArrayLike = None,
        y_val: ArrayLike = None,
        sample_weight_val: ArrayLike = None,
        X_unlabelled: ArrayLike = None,
    ) -> SampleSizeEstimator:
        """Grow the training set, train, measure and answer.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, channels, \
height, width), or dict or tuple of such
            Labelled samples. Their order does not matter. A memory-mapped array, a
            sparse matrix, a map-style torch Dataset (or its DataLoader) or a table with
            `column_names` is read on demand. A data frame with texts, categories, dates
            or missing values is encoded. A dict or tuple is several inputs of one
            module. Integers stay such where the module refuses floats.
        y : array-like of shape (n_samples,) or (n_samples, n_targets), str or None
            Labels of any kind, rows of 0 and 1 for several labels at once, or
            regression targets. None takes those of a Dataset of pairs, a name those of
            a table's column.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples in the loss that is trained and measured, and in the
            score; they are divided by their mean. Samples of weight 0 are left out.
        groups : array-like of shape (n_samples,), default=None
            Samples of one group, such as one patient or one document, are held out
            together or not at all.
        X_val, y_val : array-like, default=None
            Samples and targets to hold out, instead of a part of X and y.
        sample_weight_val : array-like, default=None
            Weights of the samples in `X_val`, divided by their own mean.
        X_unlabelled : array-like of shape (n_unlabelled, ...), default=None
            Samples without targets, such as those that could be labelled next. Nets of
            successive sizes are compared on them instead of on held-out ones
            (`prediction_agreement_`). All are predicted at every size.

        Returns
        -------
        SampleSizeEstimator
            Itself, fitted.

        Raises
        ------
        ValueError
            If the data or the net cannot give an answer, or `checkpoint` holds a fit to
            other data or parameters; the message names the remedy.
        KeyboardInterrupt
            On Ctrl-C. After this or any error on the way, what was measured so far is
            in the attributes.

        Warns
        -----
        ConvergenceWarning
            If the answer is void, the net was still improving after the most steps
            allowed, or an eigenvalue could not be certified.
        UserWarning
            If held-out samples are copies of training samples, or the net is your
            own and columns of X differ in scale by more than a factor of 1,000
            (standard deviations), or a data frame that is encoded has constant columns
            or ids, or a state in `checkpoint` is damaged, so that the one before it is
            used, or one cannot be written, in which case the fit goes on.
        """
        before, plan = vars(self).copy(), None
        try:
            names = names_of_labels(y)
            X, y = self._validated(X, y, reset=True, least=4)
            plan = plan_run(
                self.estimator,
                X,
                y,
                Settings.of(self),
                self.random_state,
                self.checkpoint,
                groups=checked_groups(groups, len(y)),
                validation=self._validation_set(X_val, y_val, sample_weight_val),
                weights=checked_weights(sample_weight, len(y)),
                label_names=names,
                encoder=self.encoder_,
                unlabelled=self._more_samples("X_unlabelled", X_unlabelled),
            )
            curve = follow_with_callbacks(self, plan, X, y)
            warn_of_weaknesses(curve, plan.run.settings, stacklevel=WRAPPERS)
        finally:
            # However the loop ended, Ctrl-C and divergence included.
            if plan is not None and plan.run.record:
                self._publish_plan(plan)
            else:
                # scikit-learn still has to end the callbacks.
                kept = {n: vars(self)[n] for n in CALLBACK_STATE if n in vars(self)}
                self.__dict__.clear()
                self.__dict__.update(before | kept)
        return self
