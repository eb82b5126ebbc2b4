"""Several fits at a time, each as if it were alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from sklearn.utils.parallel import Parallel, delayed

from sufficient.reproducibility.arithmetic import one_thread
from sufficient.reproducibility.seeds import one_fit_at_a_time

__all__ = ["side_by_side"]

Row = TypeVar("Row")


def side_by_side(
    function: Callable[..., Row],
    fits: Iterable[tuple[Any, ...]],
    n_jobs: int | None = None,
) -> list[Row]:
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


def _alone(function: Callable[..., Row], *arguments: Any) -> Row:
    with one_fit_at_a_time(), one_thread():
        return function(*arguments)
