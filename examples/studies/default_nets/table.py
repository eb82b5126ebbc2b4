"""The scores as a table."""

from __future__ import annotations

import pandas as pd

from .models import LINEAR, TUNED

__all__ = ["scores_table"]

PEERS = [TUNED, LINEAR]


def scores_table(rows: pd.DataFrame) -> pd.DataFrame:
    """A line for each data set and default network, in points (100 times the score).

    Parameters
    ----------
    rows : DataFrame
        With the columns ``data``, ``seed``, ``model`` and ``score``.

    Returns
    -------
    DataFrame
        Means over the splits, where all models have been scored. The difference is to
        the better peer; its standard error is that of the mean difference over the
        splits.
    """
    points = 100 * rows.pivot_table("score", ["data", "seed"], "model", sort=False)
    return pd.DataFrame(
        _line(name, net, complete)
        for name, some in points.groupby("data", sort=False)
        for net in some.columns.difference(PEERS, sort=False)
        if len(complete := some.reindex(columns=[net, *PEERS]).dropna())
    )


def _line(name, net, some):
    better = some[PEERS].mean().idxmax()
    gap = some[net] - some[better]
    error = f" ± {gap.sem():.1f}" if len(gap) > 1 else ""
    return {
        "data": name,
        "splits": len(some),
        "network": net,
        "default": f"{some[net].mean():.1f}",
        **{peer: f"{some[peer].mean():.1f}" for peer in PEERS},
        "difference to the better": f"{gap.mean():+.1f}{error}",
    }
