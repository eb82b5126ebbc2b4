"""Measure the time of a function call."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Timed", "timed"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Timed(Generic[Result]):
    """The result of a call, and its CPU time and wall time in seconds."""

    result: Result
    cpu: float
    wall: float


def timed(function: Callable[..., Result], *args, **kwargs) -> Timed[Result]:
    """Call a function and measure its time."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = function(*args, **kwargs)
    return Timed(result, time.process_time() - cpu, time.perf_counter() - wall)
