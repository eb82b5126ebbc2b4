"""Run several fits in parallel, with the same results as one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from sklearn.utils.parallel import Parallel, delayed

from sufficient.reproducibility.arithmetic import one_thread
from sufficient.reproducibility.seeds import one_fit_at_a_time

__all__ = ["side_by_side"]

Row = TypeVar("Row")

ATTEMPTS = 3


def side_by_side(
    function: Callable[..., Row],
    fits: Iterable[tuple[Any, ...]],
    n_jobs: int | None = None,
) -> list[Row]:
    """Call a function once for each tuple of arguments, in parallel.

    Every call computes on one thread. So n calls at a time use n cores, and the numbers
    are the same for any number of jobs and any backend of joblib. Calls in different
    processes run at the same time; threads of one process wait for each other.

    Parameters
    ----------
    function : callable
        Function at the top level of a module, so that it can be pickled.
    fits : iterable of tuple
        Arguments of each call.
    n_jobs : int or None, default=None
        Number of calls at a time.

    Returns
    -------
    list
        Return values of the calls, in order.

    Raises
    ------
    RuntimeError
        If a worker of a Dask cluster died with the only copy of the data, and again at
        every retry.
    """
    calls = [delayed(_on_one_thread)(function, *fit) for fit in fits]
    for _ in range(ATTEMPTS):
        try:
            return Parallel(n_jobs=n_jobs)(calls)
        except CancelledError as error:
            lost = error
    raise RuntimeError(
        f"A worker died that held the only copy of the data, {ATTEMPTS} times in a "
        "row. Give every worker a copy from the start: "
        "joblib.parallel_config(backend='dask', scatter=[X, y])."
    ) from lost


def _on_one_thread(function: Callable[..., Row], *arguments: Any) -> Row:
    with one_fit_at_a_time(), one_thread():
        return function(*arguments)
