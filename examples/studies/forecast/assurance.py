"""Whether a size that is named with an assurance of 80 % reaches the target that often.

The targets are chosen without the truth, as a user would: so many points above the last
score seen.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from sufficient.decision.targets import FORECAST_REACH

from ..common.quiet import quiet
from .curves import Curve
from .judging import forecast_of
from .users import State, scatter_of

__all__ = ["ASSURANCE", "asked_for"]

ASSURANCE, STEPS = 0.8, (0.0, 0.01, 0.02, 0.03, 0.05)


def asked_for(state: State, curve: Curve) -> list[dict]:
    """The sizes named for some targets, and how probable it is that they reach them."""
    forecast, score = forecast_of(state), 1 - float(state.errors[-1])
    rows = []
    for step in STEPS:
        if (target := score + step) < 1:
            with quiet(UserWarning):
                n = forecast.samples_for(target, ASSURANCE)
            near = n is not None and n <= FORECAST_REACH * forecast.n
            rows.append(
                {
                    "table": state.table,
                    "step": step,
                    "named": n is not None,
                    "reached": _reached(curve, n, 1 - target) if near else np.nan,
                }
            )
    return rows


def _reached(curve, n, most_errors):
    """Probability that one fit on n samples reaches the target; NaN if not known."""
    known = np.flatnonzero(np.isfinite(curve.errors))
    place = known[0] + np.searchsorted(curve.sizes[known], n)
    if n < curve.sizes[known[0]] or place > known[-1]:
        return np.nan
    [scatter], mean = scatter_of(curve, np.array([place])), curve.errors[place]
    log_share = np.log(most_errors / max(mean, 1e-9)) + scatter**2 / 2
    return float(stats.norm.cdf(log_share / max(scatter, 1e-9)))
