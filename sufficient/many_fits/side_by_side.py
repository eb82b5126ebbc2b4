"""Fits as rows of a table, and several of them side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError

from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sufficient.estimator import SampleSizeEstimator
from sufficient.reproducibility.arithmetic import one_thread
from sufficient.reproducibility.seeds import one_fit_at_a_time

__all__ = ["as_estimator", "fit_as_row", "last_step", "side_by_side"]


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

    A fit computes on one thread, wherever it runs: n fits at a time take n cores, and
    the numbers are the same for any number of jobs and any backend of joblib. Processes
    fit at the same time; threads of one process wait for each other.

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

    Raises
    ------
    RuntimeError
        If a worker of a Dask cluster died with the only copy of the data.
    """
    try:
        return Parallel(n_jobs=n_jobs)(delayed(_alone)(function, *fit) for fit in fits)
    except CancelledError as error:
        raise RuntimeError(
            "A worker died with the only copy of the data, and fits were lost with it. "
            "Give the data to every worker from the start: "
            "joblib.parallel_config(backend='dask', scatter=[X, y])."
        ) from error


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
    return {**_row_of(fitted), "score": fitted.score_curve_[-1], "seconds": seconds}


def _row_of(fitted: SampleSizeEstimator) -> dict:
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
    with one_fit_at_a_time(), one_thread():
        return function(*arguments)
