"""Numbers along an axis of training-set sizes. Imported where matplotlib is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

__all__ = ["show_sizes"]

# Which multiples of a power of ten get a number, most first.
MULTIPLES = ((1, 2, 3, 5), (1, 2, 5), (1, 3), (1,))
# Of a digit with its share of a gap, in sizes of the letters.
WIDTH = 0.75


def show_sizes(axis: Axis) -> None:
    """Number a logarithmic axis as densely as there is room for, without exponents."""
    axis.set_major_locator(_AsDenseAsFits(subs=MULTIPLES[0]))
    axis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))
    axis.set_minor_formatter(NullFormatter())


class _AsDenseAsFits(LogLocator):
    """Chooses anew whenever it is asked, as a layout or a zoom changes the room."""

    def __call__(self) -> Any:
        axis: Any = self.axis
        low, high = sorted(axis.get_view_interval())
        if 0 < low < high:
            letter = axis.label.get_fontsize() * axis.axes.figure.dpi / 72
            needed = WIDTH * letter * len(f"{high:,.0f}")
            width = axis.axes.bbox.width
            room = width / np.log10(high / low)
            fits = (each for each in MULTIPLES if room * _closest(each) > needed)
            most = max(int(width / needed), 2)
            self.set_params(subs=next(fits, MULTIPLES[-1]), numticks=most)
        return super().__call__()


def _closest(multiples: Sequence[int]) -> float:
    """Smallest distance between neighbours, in powers of ten."""
    return float(np.diff(np.log10([*multiples, 10])).min())
