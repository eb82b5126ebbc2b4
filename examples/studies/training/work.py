"""All runs of the study; the result of each is stored in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sklearn.exceptions import ConvergenceWarning

from sufficient.reproducibility.arithmetic import exact_arithmetic, one_thread

from ..common.quiet import quiet
from ..common.store import cached
from .pairs import PAIRS, SIZES, Pair
from .training import trained
from .variants import CHANGES, CONVERGED, HALVES, REGIMES, STARTS

__all__ = ["FULL", "PARTS", "SMALL", "Run", "Scale", "Work"]

# The variants of every part.
PARTS = {
    "regimes": list(REGIMES),
    "starts": list(STARTS),
    "constants": [CONVERGED, *CHANGES],
    "held out": [name for names in HALVES.values() for name in names],
}
# Where a part makes sense: R² on few samples says more about them than about the net.
APPLIES = {
    "constants": lambda pair: pair.chosen_on,
    "held out": lambda pair: not pair.source.is_regression,
}


@dataclass(frozen=True)
class Run:
    """One variant for one pair and seed, on one thread, with its rows in a file."""

    path: Path
    pair: Pair
    seed: int
    variant: str
    sizes: list[int]

    def rows(self) -> list[dict]:
        """The rows, read from the file; computed and stored first if needed."""
        pair, what = self.pair, (self.pair, self.seed, self.variant, self.sizes)
        about = {"pair": pair.name, "chosen_on": pair.chosen_on, "seed": self.seed}
        with one_thread(), exact_arithmetic(), quiet(ConvergenceWarning):
            rows = cached(self.path, trained, *what)
        return [{**about, "variant": self.variant, **row} for row in rows]


@dataclass(frozen=True)
class Scale:
    """The size of the study: pairs, training samples, and number of seeds."""

    pairs: tuple[Pair, ...]
    sizes: tuple[int, ...]
    n_seeds: int = 1


FULL = Scale(tuple(PAIRS), SIZES, n_seeds=2)
SMALL = Scale(
    (Pair("made, hard", (16,), chosen_on=True), Pair("made, redundant", ())),
    sizes=(64, 128),
)


@dataclass(frozen=True)
class Work:
    """All runs that the tables need.

    Attributes
    ----------
    scale : Scale
        The size of the study.
    folder : Path
        Where results are stored.
    """

    scale: Scale
    folder: Path

    def rows(self, part: str) -> list[dict]:
        """Rows of all runs of a part."""
        return [row for run in self.runs(part) for row in run.rows()]

    def to_run(self, part: str) -> list[Run]:
        """The runs of a part whose results are not stored yet."""
        return [run for run in self.runs(part) if not run.path.exists()]

    def runs(self, part: str) -> list[Run]:
        """All runs of a part."""
        return [
            self._run(pair, seed, variant)
            for pair in self.scale.pairs
            if part not in APPLIES or APPLIES[part](pair)
            for seed in range(self.scale.n_seeds)
            for variant in PARTS[part]
        ]

    def _run(self, pair, seed, variant):
        sizes = pair.sizes(self.scale.sizes)
        whole = " ".join(map(str, (pair.name, seed, variant, *sizes)))
        name = "".join(c if c.isalnum() else "_" for c in whole)
        path = self.folder / "training" / f"{name}.json"
        return Run(path, pair, seed, variant, sizes)
