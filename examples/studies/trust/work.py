"""All that is run: kept in files, so that a run that is stopped goes on."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from joblib import Parallel, delayed
from sklearn.exceptions import ConvergenceWarning

from sufficient.growing.schedule import batch_counts
from sufficient.reproducibility.arithmetic import one_thread

from .coverage import SIGMAS, coverage
from .errors import standard_errors
from .independence import VARIANTS
from .pairs import PAIRS, Pair
from .traces import Trace, Variant, recorded, slug

__all__ = ["FULL", "SMALL", "Scale", "Work"]

# Small sizes cannot end these slow runs: the bound is far above the tolerance there.
LATE = [int(k) for k in batch_counts("geometric", 259) if k >= 68]
CNN = Variant("late", {"n_monte_carlo": 4, "schedule": LATE}, until=0.025)


@dataclass(frozen=True)
class Scale:
    """How much is run: of which pairs, and with which seeds."""

    pairs: tuple[str, ...]
    repeated: tuple[str, ...]
    covered: tuple[str, ...]
    with_errors: tuple[str, ...]
    independent: tuple[str, ...]
    n_seeds: int = 2
    n_repeats: int = 10
    covered_seeds: int = 2
    error_seeds: int = 4
    independent_seeds: tuple[int, ...] = (2, 3, 4)


FULL = Scale(
    pairs=tuple(pair.name for pair in PAIRS),
    repeated=tuple(pair.name for pair in PAIRS if pair.repeated),
    covered=(
        "Fashion-MNIST / 128-64",
        "Fashion-MNIST / logistic",
        "Fashion-MNIST, 20 % noise / 128-64",
        "MNIST / 64",
        "MNIST, 2 classes / 64",
        "digits / 64",
        "made, easy / 64",
        "Friedman / 64",
    ),
    with_errors=(
        "Fashion-MNIST / 64",
        "Fashion-MNIST, 20 % noise / logistic",
        "MNIST / 64",
        "made, easy / 64",
        "Friedman / 64",
    ),
    independent=("Fashion-MNIST / 128-64", "MNIST / 64"),
)
SMALL = Scale(
    pairs=("digits / 64", "digits / logistic"),
    repeated=("digits / 128-64",),
    covered=("digits / logistic",),
    with_errors=(),
    independent=(),
    n_repeats=3,
    covered_seeds=1,
)


@dataclass(frozen=True)
class Work:
    """Everything the tables need, made where it is not there yet.

    Attributes
    ----------
    scale : Scale
        How much.
    folder : Path
        Where results are kept.
    n_jobs : int
        Runs at a time, one thread each.
    """

    scale: Scale
    folder: Path
    n_jobs: int = 1

    def traces(self) -> dict[str, list[Trace]]:
        """The long runs of every pair."""
        return self._traces(self._long_runs())

    def repeats(self) -> dict[str, list[Trace]]:
        """Runs with many seeds, stopped where they settle."""
        return self._traces(self._repeats())

    def variants(self) -> dict[str, dict[str, list[Trace]]]:
        """Runs that differ in what should not matter, by pair and variant."""
        return {
            pair.name: {
                name: self._parallel(
                    (recorded, pair, seed, self.folder, variant)
                    for seed in self.scale.independent_seeds
                )
                for name, variant in VARIANTS.items()
            }
            for pair in _named(self.scale.independent)
        }

    def covered(self) -> list[dict]:
        """Cells of the bounds."""
        return self._kept(
            (coverage, pair, seed, sigma)
            for pair in _named(self.scale.covered)
            for seed in range(self.scale.covered_seeds)
            for sigma in SIGMAS
        )

    def errors(self) -> list[dict]:
        """Cells of the standard errors."""
        return self._kept(
            (standard_errors, pair, seed)
            for pair in _named(self.scale.with_errors)
            for seed in range(self.scale.error_seeds)
        )

    def _long_runs(self) -> Iterator[tuple]:
        for pair in _named(self.scale.pairs):
            # The slow ones have one long run; those of the CNN are in `repeats` only.
            n_seeds = 1 if pair.training == "restart" else self.scale.n_seeds
            if pair.net != "CNN":
                yield from ((pair, seed, Variant()) for seed in range(n_seeds))

    def _repeats(self) -> Iterator[tuple]:
        for pair in _named(self.scale.repeated):
            for seed in pair.repeated[: self.scale.n_repeats]:
                long = Variant() if seed < self.scale.n_seeds else VARIANTS["defaults"]
                yield pair, seed, CNN if pair.net == "CNN" else long

    def _traces(self, runs):
        traces = self._parallel(
            (recorded, pair, seed, self.folder, variant) for pair, seed, variant in runs
        )
        found: dict[str, list[Trace]] = {}
        for trace in traces:
            found.setdefault(trace.pair, []).append(trace)
        return found

    def _kept(self, calls):
        lists = self._parallel((_kept, self.folder, *call) for call in calls)
        return [row for rows in lists for row in rows]

    def _parallel(self, calls):
        return Parallel(n_jobs=self.n_jobs)(delayed(_alone)(*call) for call in calls)


def _named(names) -> list[Pair]:
    return [pair for pair in PAIRS if pair.name in names]


def _alone(function, *arguments):
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return function(*arguments)


def _kept(folder, function, pair, *arguments):
    path = folder / f"{slug(function.__name__, pair.name, *arguments)}.json"
    if not path.exists():
        rows = function(pair, *arguments)
        path.write_text(json.dumps(rows), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))
