"""Numbers as text for the tables."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from scipy import stats

__all__ = ["SIDES", "count", "percent", "points", "share", "share_between", "sides"]

SIDES = {False: "reported on", True: "chosen on"}


def sides(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The pairs on which nothing was chosen, and those on which it was."""
    for chosen, name in SIDES.items():
        some = frame[frame["chosen_on"] == chosen]
        if len(some):
            yield f"{some['pair'].nunique()} {name}", some


def points(value: float, sign: str = "") -> str:
    """A score in hundredths."""
    return "" if pd.isna(value) else f"{100 * value:{sign}.2f}"


def percent(value: float, digits: int = 0) -> str:
    """A share in percent."""
    return "" if pd.isna(value) else f"{value:.{digits}%}".replace("%", " %")


def count(n: float) -> str:
    """A number of samples."""
    return "" if pd.isna(n) else f"{n:,.0f}"


def share(part: int, whole: int) -> str:
    """Some of all, in percent and in numbers."""
    return f"{percent(part / whole)} ({part} of {whole})" if whole else "none"


def share_between(part: int, whole: int) -> str:
    """The same with the 95 % interval for so many independent trials (Wilson)."""
    if not whole:
        return "none"
    low, high = stats.binomtest(part, whole).proportion_ci(method="wilson")
    found = percent(part / whole, 1)
    return f"{found} ({part} of {whole}; {100 * low:.0f} to {100 * high:.0f} %)"
