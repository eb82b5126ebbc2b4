"""One run, whose result is stored in a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sklearn.exceptions import ConvergenceWarning

from sufficient.reproducibility.arithmetic import one_thread

from ..common.quiet import quiet
from ..common.store import cached
from .pairs import Pair

__all__ = ["Run", "file_name"]


@dataclass(frozen=True)
class Run:
    """A computation for one pair and seed, on one thread, with its result in a file.

    Attributes
    ----------
    path : Path
        The file.
    compute : callable
        Called as ``compute(pair, seed, *more)``.
    pair : Pair
        Data and network.
    seed : int
        Seed of all random numbers.
    more : tuple
        Further arguments of `compute`.
    """

    path: Path
    compute: Callable
    pair: Pair
    seed: int
    more: tuple = ()

    def result(self):
        """The result, read from the file; computed and stored first if needed."""
        with one_thread(), quiet(ConvergenceWarning):
            return cached(self.path, self.compute, self.pair, self.seed, *self.more)


def file_name(*parts) -> str:
    """A file name made of the parts, without special characters."""
    whole = " ".join(str(part) for part in parts if part != "")
    return "".join(c if c.isalnum() else "_" for c in whole)
