"""How large the study is."""

from __future__ import annotations

from dataclasses import dataclass

from .data import SIZES
from .pairs import CHOSEN, REPORTED, Pair, named

__all__ = ["FULL", "SMALL", "Scale"]


@dataclass(frozen=True)
class Scale:
    """Pairs, seeds and sizes of every part.

    Attributes
    ----------
    pairs : tuple of Pair
        Pairs whose fits are followed over all sizes.
    sizes : tuple of int
        Numbers of samples that are given, as far as the data suffice.
    largest_size : int or None
        One more, for the pairs on which nothing was chosen.
    seeds, more_seeds : range
        Seeds that come first, and those for which there may be no time.
    before : tuple of Pair
        Pairs that are fitted in the old way, too, at `before_sizes`.
    repeated_seeds : range
        Seeds over which n* is compared, at the largest of `sizes`.
    covered, with_errors, varied : tuple of Pair
        Pairs on which bounds, standard errors, and settings that should not matter are
        tested, the last at the largest of `sizes`.
    """

    pairs: tuple[Pair, ...]
    sizes: tuple[int, ...]
    largest_size: int | None
    seeds: range
    more_seeds: range
    before: tuple[Pair, ...]
    before_sizes: tuple[int, ...]
    repeated_seeds: range
    covered: tuple[Pair, ...]
    with_errors: tuple[Pair, ...]
    varied: tuple[Pair, ...]

    def sizes_of(self, pair: Pair) -> list[int]:
        """Numbers of samples that are given of one pair."""
        return [n for n in pair.load().sizes if n in self.sizes]


def _named(*names):
    return tuple(named(name) for name in names)


FULL = Scale(
    pairs=(*REPORTED, *CHOSEN),
    sizes=SIZES[:-1],
    largest_size=SIZES[-1],
    seeds=range(1),
    more_seeds=range(1, 3),
    before=_named(
        "moons / 128-64",
        "Gaussian quantiles / 128-64",
        "Fashion-MNIST / 128-64",
        "cut of diamonds / 128-64",
        "Hastie / 128-64",
        "price of diamonds / 256-256",
        "late flights / 128-64",
        "films / 64",
        "food budgets / 128-64",
        "three garments / 128-64",
        "MNIST / 128-64",
    ),
    before_sizes=(2_560, 5_120, 9_216),
    repeated_seeds=range(6),
    covered=_named(
        "Fashion-MNIST / 128-64",
        "cut of diamonds / 128-64",
        "rain / 128-64",
        "Friedman 3 / 64",
        "MNIST / logistic",
    ),
    with_errors=_named("Fashion-MNIST / 128-64", "rain / 128-64", "Friedman 3 / 64"),
    varied=_named("cut of diamonds / 128-64", "redundant features / 128-64"),
)
SMALL = Scale(
    pairs=_named("redundant features / logistic", "digits / 128-64"),
    sizes=SIZES[:2],
    largest_size=None,
    seeds=range(1),
    more_seeds=range(0),
    before=_named("digits / 128-64"),
    before_sizes=SIZES[:2],
    repeated_seeds=range(2),
    covered=_named("redundant features / logistic"),
    with_errors=(),
    varied=(),
)
