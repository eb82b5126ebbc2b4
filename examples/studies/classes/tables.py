"""Coverage of the intervals, errors, and how good the first name is."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["table"]


def table(parts: dict[str, list[dict]]) -> pd.DataFrame:
    """One line for each data set and size whose double was fitted, too."""
    return pd.DataFrame(
        {"data": name, "samples given": f"{n:,}", **_line(*pair)}
        for name, rows in parts.items()
        for n, pair in _pairs(pd.DataFrame(rows))
    )


def _pairs(rows):
    by_size = dict(iter(rows.groupby("n")))
    for n, some in by_size.items():
        if 2 * n in by_size:
            yield n, (some, by_size[2 * n])


def _line(before, after):
    """Fits of one size beside the truth, which twice the data give."""
    recall, later = (_stacked(some, "recalls").mean(axis=0) for some in (before, after))
    truth = later - recall
    gains, lows, highs = (_stacked(before, name) for name in ("gains", "lows", "highs"))
    covered = (lows <= truth) & (truth <= highs)
    first = before["named_first"].to_numpy()
    known = np.isfinite(gains)
    return {
        "fits": len(before),
        "90 % intervals cover": f"{covered[known].mean():.0%} of {known.sum()}",
        "mean width": f"{100 * (highs - lows)[known].mean():.1f}",
        "error": f"{100 * np.abs(gains - truth)[known].mean():.1f}",
        "error of no gain": f"{100 * np.abs(truth).mean():.1f}",
        "first: gains most": f"{np.mean(first == truth.argmax()):.0%}",
        "first: among the three that gain most": _among(first, -truth),
        "first: lowest recall": f"{np.mean(first == recall.argmin()):.0%}",
        "first: among the three lowest": _among(first, recall),
    }


def _stacked(some, column):
    return np.array(some[column].tolist(), dtype=float)


def _among(first, key):
    return f"{np.isin(first, key.argsort()[:3]).mean():.0%}"
