"""Seconds and bytes."""

import ctypes
import gc
import resource
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PeakMemory", "Timed", "timed"]


@dataclass(frozen=True)
class Timed:
    """What a call returned, and its CPU and wall seconds."""

    result: object
    cpu: float
    wall: float


def timed(function, *args, **kwargs) -> Timed:
    """Call, and look at the clocks before and after."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = function(*args, **kwargs)
    return Timed(result, time.process_time() - cpu, time.perf_counter() - wall)


class PeakMemory:
    """Peak of resident memory beyond what is resident at the start."""

    def __init__(self) -> None:
        self.restart()
        self._baseline = _peak()

    def restart(self) -> None:
        """Forget the peak so far, where the system can."""
        gc.collect()
        # Freed memory that the allocator holds back would hide what is used next.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")

    def beyond_baseline(self) -> int:
        """Bytes."""
        return max(0, _peak() - self._baseline)


def _peak():
    # Not getrusage where it can be helped: a child inherits its parent's peak there.
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
