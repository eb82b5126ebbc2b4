"""The runs of every part of the study, and the fits that are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..common.store import read
from .coverage import SIGMAS, coverage
from .errors import standard_errors
from .fits import COLUMN
from .pairs import Pair
from .runs import Run, fit_run
from .scale import Scale
from .variants import DEFAULT, OLD, OLD_TO_THE_END, VARIANTS, Variant

__all__ = ["PARTS", "Fit", "Work"]


@dataclass(frozen=True)
class Fit:
    """A fit that is kept.

    Attributes
    ----------
    pair, seed, n, variant
        What was fitted, to how many samples, and how.
    found : dict of str to ndarray
        What `fit_results` returned.
    """

    pair: Pair
    seed: int
    n: int
    variant: str
    found: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        """One number or text."""
        return self.found[name].item()

    def column(self, name: str):
        """A column of ``curves_``."""
        return self.found[COLUMN + name]


@dataclass(frozen=True)
class Work:
    """All runs that the tables need, and their results.

    Attributes
    ----------
    scale : Scale
        The size of the study.
    folder : Path
        Where results are kept.
    """

    scale: Scale
    folder: Path

    def fits(self, variant: Variant = DEFAULT) -> list[Fit]:
        """All fits of one kind that are kept."""
        pairs = dict.fromkeys([*self.scale.pairs, *self.scale.before])
        seeds = {*self.scale.seeds, *self.scale.more_seeds, *self.scale.repeated_seeds}
        return [
            Fit(pair, seed, n, variant.name, read(path))
            for pair in pairs
            for n in pair.load().sizes
            for seed in sorted(seeds)
            if (path := fit_run(pair, seed, n, variant).path(self.folder)).exists()
        ]

    def complete_seeds(self, fits: list[Fit]) -> set[int]:
        """Seeds that come first, and those of which no reported-on fit is missing."""
        kept = {(fit.pair, fit.n, fit.seed) for fit in fits}
        wanted = {
            (pair, n)
            for pair in self.scale.pairs
            for n in self.scale.sizes_of(pair)
            if not pair.chosen_on
        }
        return {
            seed
            for seed in {*self.scale.seeds, *self.scale.more_seeds}
            if seed in self.scale.seeds or all((*one, seed) in kept for one in wanted)
        }

    def rows(self, part: str) -> list[dict]:
        """The results of a part whose runs give rows, of those that are kept."""
        paths = [run.path(self.folder) for run in PARTS[part](self)]
        return [row for path in paths if path.exists() for row in read(path)]

    def followed(self) -> list[Run]:
        """Fits of all pairs."""
        return self._at_all_sizes(self.scale.seeds)

    def more(self) -> list[Run]:
        """Further seeds of them."""
        return self._at_all_sizes(self.scale.more_seeds)

    def largest(self) -> list[Run]:
        """Fits to still more samples, of the pairs on which nothing was chosen."""
        n = self.scale.largest_size
        return [
            fit_run(pair, seed, n)
            for seed in self.scale.seeds
            for pair in self.scale.pairs
            if not pair.chosen_on and n in pair.load().sizes
        ]

    def before(self) -> list[Run]:
        """Fits in the way that used to be the default."""
        return self._in_the_old_way(OLD)

    def to_the_end(self) -> list[Run]:
        """Fits in the old way to all of the data."""
        return self._in_the_old_way(OLD_TO_THE_END)

    def repeats(self) -> list[Run]:
        """Fits with further seeds, of the pairs whose landscape settles.

        Also with half the data, where it settles only in the second half.
        """
        sizes = {pair: self.scale.sizes_of(pair) for pair in self.scale.pairs}
        settled = {(fit.pair, fit.n) for fit in self.fits() if fit["settled"]}
        return [
            fit_run(pair, seed, n)
            for seed in self.scale.repeated_seeds
            for pair in self.scale.pairs
            if (pair, sizes[pair][-1]) in settled
            for n in sizes[pair][-2:]
            if n == sizes[pair][-1] or (pair, n) not in settled
        ]

    def variants(self) -> list[Run]:
        """Fits with changes that should not affect n*."""
        return [
            fit_run(pair, seed, self.scale.sizes[-1], variant)
            for seed in self.scale.seeds
            for pair in self.scale.varied
            for variant in VARIANTS
        ]

    def bounds(self) -> list[Run]:
        """Comparisons of the bounds with Delta."""
        return [
            Run(coverage, pair, 0, (sigma,), labels=(sigma,))
            for pair in self.scale.covered
            for sigma in SIGMAS
        ]

    def errors(self) -> list[Run]:
        """Tests of the standard errors."""
        return [
            Run(standard_errors, pair, seed)
            for pair in self.scale.with_errors
            for seed in self.scale.seeds
        ]

    def _at_all_sizes(self, seeds):
        return [
            fit_run(pair, seed, n)
            for seed in seeds
            for pair in self.scale.pairs
            for n in self.scale.sizes_of(pair)
        ]

    def _in_the_old_way(self, variant):
        return [
            fit_run(pair, seed, n, variant)
            for seed in self.scale.seeds
            for pair in self.scale.before
            for n in self.scale.before_sizes
            if n in self.scale.sizes_of(pair)
        ]


# The most important first.
PARTS: dict[str, Callable[[Work], list[Run]]] = {
    "fits": Work.followed,
    "before": Work.before,
    "repeats": Work.repeats,
    "to_the_end": Work.to_the_end,
    "bounds": Work.bounds,
    "largest": Work.largest,
    "more": Work.more,
    "errors": Work.errors,
    "variants": Work.variants,
}
