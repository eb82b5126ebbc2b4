"""The data given to `fit`, in the order in which the net has seen them."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length

from sufficient.data.samples import Samples
from sufficient.data.sources import targets_of
from sufficient.data.stream import rows_of
from sufficient.data.weights import checked_weights, relative_weights
from sufficient.typing import ArrayLike

__all__ = ["samples_in_order_of_arrival", "transformed"]


def transformed(pipeline: Pipeline, X: ArrayLike) -> ArrayLike:
    """What the last step of a pipeline gets of X."""
    return pipeline[:-1].transform(X) if len(pipeline) > 1 else X


def samples_in_order_of_arrival(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike = None,
) -> Samples:
    """Samples and targets as the net saw them, the held-out ones at the end."""
    order = _order_of_arrival(estimator)
    y = np.asarray(targets_of(X, y))
    X = estimator._checked(X)
    check_consistent_length(X, y)
    y = estimator.curve_.task.encode(y)
    weights = checked_weights(sample_weight, len(y))
    n_counted = len(X) if weights is None else np.count_nonzero(weights)
    if n_counted != len(order):
        raise ValueError(
            f"X has {n_counted} samples, but the estimator was fitted on {len(order)}. "
            "Pass the X, y and sample_weight that were given to fit."
        )
    weights = relative_weights(weights, estimator.train_indices_)
    return Samples.for_net(
        estimator.estimator_,
        rows_of(X, order),
        y[order],
        None if weights is None else weights[order],
    )


def _order_of_arrival(estimator: BaseEstimator) -> np.ndarray:
    if not hasattr(estimator, "train_indices_"):
        raise ValueError(
            "An estimator fitted by partial_fit does not know its samples any more. "
            "Call fit on all the labelled data to draw the landscape."
        )
    if estimator.eigenvalues_.shape[1] < 2:
        raise ValueError("The landscape needs a plane: fit with n_directions >= 2.")
    return np.concatenate([estimator.train_indices_, estimator.validation_indices_])
