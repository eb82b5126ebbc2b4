"""One run, whose result is kept in a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sklearn.exceptions import ConvergenceWarning

from sufficient.reproducibility.arithmetic import one_thread

from ..common.quiet import quiet
from ..common.store import kept
from .pairs import Pair

__all__ = ["Run", "file_name"]


@dataclass(frozen=True)
class Run:
    """What is computed of a pair, on one thread, unless the file is there.

    Attributes
    ----------
    path : Path
        The file.
    compute : callable
        ``compute(pair, seed, *more)``.
    pair : Pair
        Data and network.
    seed : int
        Of everything random.
    more : tuple
        What else `compute` is told.
    """

    path: Path
    compute: Callable
    pair: Pair
    seed: int
    more: tuple = ()

    def result(self):
        """Read from the file, computed first where there is none."""
        with one_thread(), quiet(ConvergenceWarning):
            return kept(self.path, self.compute, self.pair, self.seed, *self.more)


def file_name(*parts) -> str:
    """A name without special characters."""
    whole = " ".join(str(part) for part in parts if part != "")
    return "".join(c if c.isalnum() else "_" for c in whole)
