"""One forecast of the scores of several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sufficient.decision.forecast_scores import forecast_scores
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.decision.score_range import score_range_of
from sufficient.estimator import SampleSizeEstimator

__all__ = ["SeedScores", "joint_forecast"]

COLUMNS = {
    "n": "train_size",
    "score": "validation_score",
    "std_err": "validation_score_std_err",
}


@dataclass(frozen=True)
class SeedScores:
    """The learning curve of one seed.

    Attributes
    ----------
    table : DataFrame
        `random_state`, and at every size `n`, `score` and `std_err`.
    score_range : tuple of (float, float) or None
        Worst and best score; None where the seed has no forecast.
    """

    table: pd.DataFrame
    score_range: tuple[float, float] | None

    @classmethod
    def of(cls, fitted: SampleSizeEstimator) -> SeedScores:
        """Of a fitted estimator."""
        curve = fitted.curve_
        columns = {name: curve.columns[of] for name, of in COLUMNS.items()}
        table = pd.DataFrame({"random_state": fitted.random_state, **columns})
        if curve.score_forecast is None:
            return cls(table, None)
        scores = table["score"].to_numpy()
        limits = score_range_of(curve.settings.scoring, curve.task, scores)
        return cls(table, limits)


def joint_forecast(curves: Sequence[SeedScores]) -> ScoreForecast | None:
    """Forecast from the mean score at each size; None where a seed has no forecast."""
    ranges = [one.score_range for one in curves if one.score_range is not None]
    if len(ranges) < len(curves):
        return None
    worst, best = zip(*ranges, strict=True)
    table = pd.concat([one.table for one in curves], ignore_index=True)
    sizes = table.groupby("n")
    # Every seed holds out other samples, so that their errors average out.
    variance = (table["std_err"] ** 2).groupby(table["n"])
    return forecast_scores(
        [*sizes.groups],
        sizes["score"].mean(),
        std_err=np.sqrt(variance.mean() / sizes.size()),
        score_range=(min(worst), max(best)),
    )
