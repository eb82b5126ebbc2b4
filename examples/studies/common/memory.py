"""Memory of this process in bytes, as reported by the operating system."""

import ctypes
import gc
import resource
import threading
from contextlib import suppress
from pathlib import Path

__all__ = ["AnonymousMemory", "PeakMemory", "anonymous"]

STATUS = Path("/proc/self/status")


class PeakMemory:
    """Peak of resident memory, relative to the memory at the start."""

    def __init__(self) -> None:
        self.restart()
        self._baseline = _peak()

    def restart(self) -> None:
        """Reset the peak, if the system supports it."""
        gc.collect()
        # Return freed memory to the system; otherwise its reuse would not be measured.
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")

    def beyond_baseline(self) -> int:
        """Peak since `restart`, minus the memory at the start, in bytes."""
        return max(0, _peak() - self._baseline)


class AnonymousMemory:
    """Largest anonymous memory while the context is open, sampled every 5 ms.

    Pages of a mapped file do not count as anonymous, because the system frees them if
    memory is short.
    """

    def __enter__(self) -> "AnonymousMemory":
        self.peak, self._over = anonymous(), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self):
        while not self._over.wait(0.005):
            self.peak = max(self.peak, anonymous())


def anonymous() -> float:
    """Anonymous resident memory now; NaN if the system does not report it."""
    try:
        return _read("RssAnon")
    except (OSError, KeyError):
        return float("nan")


def _peak():
    # getrusage is only the fallback: there, a child process starts with the peak of its
    # parent.
    with suppress(OSError, KeyError):
        return _read("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _read(name):
    lines = STATUS.read_text(encoding="ascii", errors="replace").splitlines()
    sizes = dict(line.split(":", 1) for line in lines)
    return int(sizes[name].split()[0]) * 1024
