"""Fits as rows of a table, and several of them side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping

from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sufficient.estimator import SampleSizeEstimator

__all__ = ["as_estimator", "fit_as_row", "last_step", "row_of", "side_by_side"]

# torch's random generator belongs to the process: fits in threads of one process would
# draw each other's numbers.
ONE_FIT_AT_A_TIME = threading.RLock()


def as_estimator(given, parameters: Mapping[str, object]):
    """What was given as a `SampleSizeEstimator`, or a pipeline that ends in one.

    Parameters
    ----------
    given : estimator, str or None
        Anything that `SampleSizeEstimator` takes as its `estimator`, or a whole
        `SampleSizeEstimator`, or a pipeline that ends in one; these are cloned.
    parameters : mapping of str to object
        Parameters of `SampleSizeEstimator`, if it is not one already.

    Returns
    -------
    SampleSizeEstimator or Pipeline
    """
    if hasattr(given, "steps") or isinstance(given, SampleSizeEstimator):
        return clone(given)
    return SampleSizeEstimator(given, **parameters)


def last_step(estimator):
    """The estimator itself, or what its pipeline ends in."""
    return estimator[-1] if hasattr(estimator, "steps") else estimator


def side_by_side(
    function: Callable, fits: Iterable[tuple], n_jobs: int | None = None
) -> list:
    """Call a function that fits once for each tuple of arguments, in parallel.

    Processes, joblib's default, fit at the same time, each with its share of the cores.
    Threads wait for each other, so that a fit gives the same numbers in all of them.

    Parameters
    ----------
    function : callable
        Of a module, so that it can be sent to another process.
    fits : iterable of tuple
        Arguments of each call.
    n_jobs : int or None, default=None
        Calls at a time.

    Returns
    -------
    list
        What the calls returned, in order.
    """
    return Parallel(n_jobs=n_jobs)(delayed(_alone)(function, *fit) for fit in fits)


def fit_as_row(estimator, X, y) -> dict:
    """Fit on all data; the answer, the last held-out score and the time.

    Parameters
    ----------
    estimator : SampleSizeEstimator or Pipeline
        Is fitted.
    X, y : array-like
        Data.

    Returns
    -------
    dict
    """
    start = time.perf_counter()
    estimator.fit(X, y)
    seconds = time.perf_counter() - start
    fitted = last_step(estimator)
    return {**row_of(fitted), "score": fitted.score_curve_[-1], "seconds": seconds}


def row_of(fitted: SampleSizeEstimator) -> dict:
    """The answer of a fitted estimator as one row of a table."""
    return {
        "tol": fitted.tol,
        "k_star": float("nan") if fitted.k_star_ is None else fitted.k_star_,
        "n_samples_needed": fitted.n_samples_needed_,
        "converged": fitted.converged_,
        "train_loss": fitted.curves_["train_loss"][-1],
        "expected_gain": fitted.expected_gain_,
        "verdict": fitted.verdict_,
    }


def _alone(function, *arguments):
    with ONE_FIT_AT_A_TIME:
        return function(*arguments)
