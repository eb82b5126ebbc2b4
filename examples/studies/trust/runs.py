"""One run, whose result is kept in a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

from sufficient.reproducibility.arithmetic import one_thread

from ..common.quiet import quiet
from ..common.store import cached
from .fits import fit_results
from .pairs import Pair
from .variants import DEFAULT, Variant

__all__ = ["Run", "fit_run", "run_all"]


@dataclass(frozen=True)
class Run:
    """A computation for one pair and seed, on one thread, with its result in a file.

    Attributes
    ----------
    compute : callable
        Called as ``compute(pair, seed, *more)``.
    pair : Pair
        Data and network.
    seed : int
        Seed of all random numbers.
    more : tuple
        Further arguments of `compute`.
    labels : tuple
        What the name of the file is made of, besides pair and seed.
    ending : str
        ".npz" for arrays by name, ".json" for anything else.
    """

    compute: Callable
    pair: Pair
    seed: int
    more: tuple = ()
    labels: tuple = ()
    ending: str = ".json"

    def path(self, folder: Path) -> Path:
        """The file."""
        words = self.compute.__name__, self.pair.name, self.seed, *self.labels
        text = " ".join(str(word) for word in words if word != "")
        name = "".join(c if c.isalnum() else "_" for c in text)
        return folder / f"{name}{self.ending}"

    def result(self, folder: Path) -> Any:
        """The result, read from the file; computed first if there is none."""
        path, arguments = self.path(folder), (self.pair, self.seed, *self.more)
        with one_thread(), quiet():
            return cached(path, self.compute, *arguments)


def fit_run(pair: Pair, seed: int, n: int, variant: Variant = DEFAULT) -> Run:
    """The run of one fit to n samples."""
    more, labels = (n, variant.settings), (n, variant.name)
    return Run(fit_results, pair, seed, more, labels, ".npz")


def run_all(
    runs: Iterable[Run], folder: Path, n_jobs: int = 1, until: float = inf
) -> None:
    """Make the runs that are not kept yet, but begin none after the time `until`."""
    missing = [run for run in runs if not run.path(folder).exists()]
    Parallel(n_jobs=n_jobs)(delayed(_in_time)(run, folder, until) for run in missing)


def _in_time(run, folder, until):
    if time.time() < until:
        print(f"{time.strftime('%H:%M:%S')} {run.path(folder).stem}", flush=True)
        run.result(folder)
