"""The data given to `fit`, in the order in which the net has seen them."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length

from sufficient.data.samples import Samples
from sufficient.data.sources import targets_of
from sufficient.data.stream import rows_of
from sufficient.typing import ArrayLike

__all__ = ["samples_in_order_of_arrival", "transformed"]


def transformed(pipeline: Pipeline, X: ArrayLike) -> ArrayLike:
    """What the last step of a pipeline gets of X."""
    return pipeline[:-1].transform(X) if len(pipeline) > 1 else X


def samples_in_order_of_arrival(
    estimator: BaseEstimator, X: ArrayLike, y: ArrayLike
) -> Samples:
    """Samples and targets as the net saw them, the held-out ones at the end."""
    order = _order_of_arrival(estimator)
    y = np.asarray(targets_of(X, y))
    X = estimator._checked(X)
    check_consistent_length(X, y)
    y = estimator.curve_.task.encode(y)
    if len(X) != len(order):
        raise ValueError(
            f"X has {len(X)} samples, but the estimator was fitted on {len(order)}. "
            "Pass the X and y that were given to fit."
        )
    return Samples.for_net(estimator.estimator_, rows_of(X, order), y[order])


def _order_of_arrival(estimator: BaseEstimator) -> np.ndarray:
    if not hasattr(estimator, "train_indices_"):
        raise ValueError(
            "An estimator fitted by partial_fit does not know its samples any more. "
            "Call fit on all the labelled data to draw the landscape."
        )
    if estimator.eigenvalues_.shape[1] < 2:
        raise ValueError("The landscape needs a plane: fit with n_directions >= 2.")
    return np.concatenate([estimator.train_indices_, estimator.validation_indices_])
