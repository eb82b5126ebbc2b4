"""One forecast of the scores of several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sufficient.decision.forecast_scores import forecast_given
from sufficient.decision.given_scores import checked_scores
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.estimator import SampleSizeEstimator

__all__ = ["SeedScores", "joint_forecast"]

COLUMNS = {
    "n": "train_size",
    "score": "validation_score",
    "std_err": "validation_score_std_err",
    "train_score": "train_score",
}


@dataclass(frozen=True)
class SeedScores:
    """The learning curve of one seed.

    Attributes
    ----------
    table : DataFrame
        `random_state`, and at every size `n`, `score`, `std_err` and `train_score`.
    held_out_share : float
        Share of the data that it holds out.
    score_range : tuple of (float, float) or None
        Worst and best score; None where the seed has no forecast.
    """

    table: pd.DataFrame
    held_out_share: float
    score_range: tuple[float, float] | None

    @classmethod
    def of(cls, fitted: SampleSizeEstimator) -> SeedScores:
        """Of a fitted estimator."""
        n_held_out, forecast = fitted.curves_["n_held_out"][-1], fitted.score_forecast_
        columns = {name: fitted.curves_[of] for name, of in COLUMNS.items()}
        return cls(
            pd.DataFrame({"random_state": fitted.random_state, **columns}),
            float(n_held_out / (n_held_out + fitted.n_train_)),
            None if forecast is None else forecast.score_range,
        )


def joint_forecast(curves: Sequence[SeedScores]) -> ScoreForecast | None:
    """Forecast the scores of all seeds together; None where one has no forecast.

    Two seeds that hold out the same share of the data at random have that share of
    their held-out samples in common.
    """
    ranges = [one.score_range for one in curves if one.score_range is not None]
    if len(ranges) < len(curves):
        return None
    worst, best = zip(*ranges, strict=True)
    table = pd.concat([one.table for one in curves])
    given = checked_scores(
        table["n"],
        table["score"],
        score_range=(min(worst), max(best)),
        std_err=table["std_err"],
        train_scores=table["train_score"],
        seeds=table["random_state"],
    )
    overlap = float(np.mean([one.held_out_share for one in curves]))
    return forecast_given(given, overlap=overlap)
