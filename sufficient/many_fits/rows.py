"""A fit as one row of a table."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sufficient.estimator import SampleSizeEstimator
from sufficient.typing import ArrayLike, Net

__all__ = ["as_estimator", "fit_as_row", "last_step", "samples_needed"]


def as_estimator(
    given: Net | SampleSizeEstimator | Pipeline, parameters: Mapping[str, Any]
) -> SampleSizeEstimator | Pipeline:
    """Make a `SampleSizeEstimator` of a net; clone an estimator or a pipeline.

    Parameters
    ----------
    given : estimator, str or None
        Anything that `SampleSizeEstimator` takes as its `estimator`, or a
        `SampleSizeEstimator`, or a pipeline that ends in one.
    parameters : mapping of str to object
        Parameters of `SampleSizeEstimator`; ignored if `given` is one already.

    Returns
    -------
    SampleSizeEstimator or Pipeline
    """
    if hasattr(given, "steps") or isinstance(given, SampleSizeEstimator):
        return clone(given)
    return SampleSizeEstimator(given, **parameters)


def last_step(estimator: SampleSizeEstimator | Pipeline) -> SampleSizeEstimator:
    """The estimator itself, or the last step of a pipeline."""
    return estimator[-1] if hasattr(estimator, "steps") else estimator


def fit_as_row(
    estimator: SampleSizeEstimator | Pipeline, X: ArrayLike, y: ArrayLike
) -> dict[str, Any]:
    """Fit on all data; return the answer, the last held-out score and the time.

    Parameters
    ----------
    estimator : SampleSizeEstimator or Pipeline
        Fitted in place.
    X, y : array-like
        Samples and targets.

    Returns
    -------
    dict
    """
    start = time.perf_counter()
    estimator.fit(X, y)
    seconds = time.perf_counter() - start
    fitted = last_step(estimator)
    return {**_row_of(fitted), "score": fitted.score_curve_[-1], "seconds": seconds}


def samples_needed(fitted: SampleSizeEstimator) -> float:
    """Samples needed as a number, however far beyond the data; may be infinite."""
    needed = fitted.n_samples_needed_
    return float(fitted.curve_.forecast.crossing if needed is None else needed)


def _row_of(fitted: SampleSizeEstimator) -> dict[str, Any]:
    """The answer of a fitted estimator as one row of a table."""
    return {
        "tol": fitted.tol,
        "k_star": float("nan") if fitted.k_star_ is None else fitted.k_star_,
        "n_samples_needed": float(fitted.n_samples_needed_ or "nan"),
        "converged": fitted.converged_,
        "train_loss": fitted.curves_["train_loss"][-1],
        "expected_gain": fitted.expected_gain_,
        "probability_sufficient": fitted.probability_sufficient_,
        "verdict": fitted.verdict_,
    }
