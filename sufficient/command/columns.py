"""The columns of a table that are learnt from; the others are named."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from sufficient.command.reading import no_column
from sufficient.data.columns import check_columns, useless_columns

__all__ = ["chosen_features"]


def chosen_features(
    frame: pd.DataFrame, drop: Iterable[str] = (), keep: Iterable[str] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """Leave out constant columns and ids, and say which.

    Parameters
    ----------
    frame : DataFrame
        All columns but the target.
    drop : iterable of str, default=()
        Columns to leave out besides.
    keep : iterable of str, default=()
        Columns to keep, although they are constant or ids.

    Returns
    -------
    features : DataFrame
        The others.
    remarks : list of str
        What was left out and why.

    Raises
    ------
    ValueError
        If no column remains, or one holds what cannot be encoded.
    """
    for name in (*drop, *keep):
        if name not in frame:
            raise ValueError(no_column(name, list(frame)))
    frame = frame.drop(columns=list(drop))
    check_columns(frame)
    out = {
        why: [name for name in names if name not in keep]
        for why, names in useless_columns(frame).items()
    }
    features = frame.drop(columns=[*out["constant"], *out["an id"]])
    remarks = [
        f"Left out, because {why}: {', '.join(names)} (see --keep)."
        for why, names in out.items()
        if names
    ]
    if not features.shape[1]:
        raise ValueError(" ".join(["No columns are left to learn from.", *remarks]))
    return features, remarks
