"""Seconds of a call."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Timed", "timed"]

Result = TypeVar("Result")


@dataclass(frozen=True)
class Timed(Generic[Result]):
    """What a call returned, and the CPU and wall seconds that it took."""

    result: Result
    cpu: float
    wall: float


def timed(function: Callable[..., Result], *args, **kwargs) -> Timed[Result]:
    """Call, and read the clocks before and after."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = function(*args, **kwargs)
    return Timed(result, time.process_time() - cpu, time.perf_counter() - wall)
