"""Tables of what is kept, of cost, of early stops and of twice the steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .formats import SIDES, count, percent, points, share
from .tables import sides_of
from .work import Fit

__all__ = ["cost_table", "kept_table", "steps_table", "stops_table"]


def cost_table(fits: Sequence[Fit]) -> pd.DataFrame:
    """CPU seconds of a fit, by the number of samples given and the kind of data."""
    rows = [
        {"given": fit.n, "kind": fit.pair.kind, "seconds": fit["seconds"]}
        for fit in fits
    ]
    table = pd.DataFrame(rows).pivot_table(
        "seconds", "given", "kind", ["median", "max"]
    )
    lines = []
    for n, row in table.iterrows():
        kinds = table.columns.levels[1]
        lines.append(
            {
                "samples given": count(n),
                **{
                    f"{kind}: median, most": ", ".join(
                        f"{row[how, kind]:.0f}"
                        for how in ("median", "max")
                        if row.notna().get((how, kind), False)
                    )
                    for kind in kinds
                },
            }
        )
    return pd.DataFrame(lines)


def stops_table(fits: Sequence[Fit]) -> pd.DataFrame:
    """How many fits skip sizes because the answer is known, and what they say."""
    lines = []
    for name, some in sides_of(fits):
        early = [fit for fit in some if fit["n_stopped"] < fit["n_used"]]
        used = [fit["n_stopped"] / fit["n_train"] for fit in early]
        said = pd.Series([fit["verdict"] for fit in early], dtype=str).value_counts()
        lines.append(
            {
                "pairs": name,
                "fits": len(some),
                "stop growing early": share(len(early), len(some)),
                "at this share of the data (median)": percent(np.median(used))
                if used
                else "",
                "say then": ", ".join(f"{v} ({n})" for v, n in said.items()),
                "trained on all the data in the end": share(
                    sum(fit["n_used"] == fit["n_train"] for fit in some), len(some)
                ),
            }
        )
    return pd.DataFrame(lines)


def steps_table(pairs: pd.DataFrame, fits: Sequence[Fit]) -> pd.DataFrame:
    """Pairs whose test score changes most by twice the steps."""
    chosen = {fit.pair.name: fit.pair.chosen_on for fit in fits}
    worst = pairs.reindex(pairs["change"].abs().sort_values(ascending=False).index)
    return pd.DataFrame(
        {
            "pair": worst.index,
            "side": ["chosen" if chosen[name] else "reported" for name in worst.index],
            "change by twice the steps": worst["change"].map(lambda c: points(c, "+")),
            "said": worst["said"].map(percent),
        }
    ).head(6)


def kept_table(fits: Sequence[Fit]) -> pd.DataFrame:
    """How many fits there are, by training, samples given and side."""
    by_size: dict[tuple, list[Fit]] = {}
    for fit in fits:
        by_size.setdefault((fit.variant, fit.n), []).append(fit)
    return pd.DataFrame(
        [
            {
                "training": variant or "converged",
                "samples given": count(n),
                **{
                    name: sum(fit.pair.chosen_on == chosen for fit in some)
                    for chosen, name in SIDES.items()
                },
                "pairs": len({fit.pair for fit in some}),
                "seeds": len({fit.seed for fit in some}),
            }
            for (variant, n), some in sorted(by_size.items())
        ]
    )
