"""Points lost: how far a variant is below the best of all, by pair and size."""

from __future__ import annotations

import pandas as pd

__all__ = ["CELL", "of_cells", "points_lost"]

CELL = ["chosen_on", "pair", "n"]


def of_cells(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Means over seeds: a line for each pair and size, a column for each variant."""
    variants = rows["variant"].unique()
    means = rows.pivot_table(column, CELL, "variant", aggfunc="mean", sort=False)
    return means[variants].sort_index(kind="stable")


def points_lost(rows: pd.DataFrame) -> pd.DataFrame:
    """The best mean score of any variant minus that of each, in hundredths.

    The best of many noisy numbers is too good, by a tenth or two: no variant can lose
    nothing everywhere.

    Parameters
    ----------
    rows : DataFrame
        With the columns of `CELL`, ``variant`` and ``score``.

    Returns
    -------
    DataFrame
        A line for each pair and size, a column for each variant.
    """
    scores = 100 * of_cells(rows, "score")
    return scores.rsub(scores.max(axis=1), axis=0)
