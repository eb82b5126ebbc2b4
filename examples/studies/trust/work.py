"""All runs of the study; the result of each is stored in a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from joblib import Parallel, delayed

from sufficient.growing.schedule import batch_counts

from .coverage import SIGMAS, coverage
from .errors import standard_errors
from .independence import VARIANTS
from .pairs import PAIRS, Pair
from .runs import Run, file_name
from .traces import DEFAULTS, Trace, Variant, load_trace, trace_run

__all__ = ["FULL", "SMALL", "Scale", "Work"]

# These runs are slow, and cannot end at small sizes, where the bound is far above the
# tolerance. So they are measured from 68 batches on.
LATE = [int(k) for k in batch_counts("geometric", 259) if k >= 68]
CNN = Variant("late", {"n_monte_carlo": 4, "schedule": LATE}, until=0.025)


@dataclass(frozen=True)
class Scale:
    """The size of the study: pairs and numbers of seeds for every part."""

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
    """All runs that the tables need, and their results.

    Attributes
    ----------
    scale : Scale
        The size of the study.
    folder : Path
        Where results are stored.
    n_jobs : int
        Number of runs at a time, with one thread each.
    """

    scale: Scale
    folder: Path
    n_jobs: int = 1

    def long_runs(self) -> list[Run]:
        """Runs of every pair to the end of the data."""
        return self._to_the_end(self.scale.pairs)

    def thinned(self) -> list[Run]:
        """Runs to the end of the data whose sizes are thinned afterwards."""
        return self._to_the_end(self.scale.independent)

    def repeats(self) -> list[Run]:
        """Runs with many seeds; they stop early unless they are long runs too."""
        return [
            trace_run(pair, seed, self.folder, self._repeated(pair, seed))
            for pair in _named(self.scale.repeated)
            for seed in pair.repeated[: self.scale.n_repeats]
        ]

    def variants(self) -> list[Run]:
        """Runs with changes that should not affect n*."""
        return [
            run
            for pair in self.independent
            for variant in VARIANTS.values()
            for run in self.variant(pair, variant)
        ]

    def variant(self, pair: Pair, variant: Variant) -> list[Run]:
        """Runs of one pair with one change."""
        seeds = self.scale.independent_seeds
        return [trace_run(pair, seed, self.folder, variant) for seed in seeds]

    def covered(self) -> list[Run]:
        """Runs that compare the bounds with Delta."""
        return [
            self._cell(coverage, pair, seed, sigma)
            for pair in _named(self.scale.covered)
            for seed in range(self.scale.covered_seeds)
            for sigma in SIGMAS
        ]

    def errors(self) -> list[Run]:
        """Runs that test the standard errors."""
        return [
            self._cell(standard_errors, pair, seed)
            for pair in _named(self.scale.with_errors)
            for seed in range(self.scale.error_seeds)
        ]

    @property
    def independent(self) -> list[Pair]:
        """Pairs for which `variants` are run."""
        return _named(self.scale.independent)

    def rows(self, runs: list[Run]) -> list[dict]:
        """Rows of the results of `covered` or `errors`, concatenated."""
        return [row for rows in self._parallel(Run.result, runs) for row in rows]

    def traces(self, runs: list[Run]) -> dict[str, list[Trace]]:
        """Traces by the name of their pair."""
        found: dict[str, list[Trace]] = {}
        for trace in self._parallel(load_trace, runs):
            found.setdefault(trace.pair, []).append(trace)
        return found

    def _to_the_end(self, names):
        return [
            trace_run(pair, seed, self.folder)
            for pair in _named(names)
            # Runs of CNNs take so long that there are only those of `repeats`.
            if pair.net != "CNN"
            for seed in range(1 if pair.training == "restart" else self.scale.n_seeds)
        ]

    def _repeated(self, pair, seed):
        if pair.net == "CNN":
            return CNN
        return DEFAULTS if seed < self.scale.n_seeds else VARIANTS["defaults"]

    def _cell(self, compute, pair, seed, *more):
        name = file_name(compute.__name__, pair.name, seed, *more)
        return Run(self.folder / f"{name}.json", compute, pair, seed, more)

    def _parallel(self, function, runs):
        return Parallel(n_jobs=self.n_jobs)(delayed(function)(run) for run in runs)


def _named(names) -> list[Pair]:
    return [pair for pair in PAIRS if pair.name in names]
