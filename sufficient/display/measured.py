"""The numbers that `SampleSizeDisplay` draws, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sufficient.decision.class_scores import ClassScores
from sufficient.decision.forecast_scores import forecast_scores
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.display.fitted import curve_of
from sufficient.report.summary import score_name
from sufficient.results import UNKNOWN_GAIN, Gain, SampleSizeCurve
from sufficient.settings import BOUNDS
from sufficient.typing import ArrayLike

__all__ = ["Measured", "measured_by", "measured_elsewhere", "with_forecast"]


@dataclass(kw_only=True, eq=False, repr=False)
class Measured:
    """What `SampleSizeDisplay` documents. Without `delta` there is no landscape."""

    train_sizes: np.ndarray
    scores: np.ndarray
    score_std_err: np.ndarray
    score_forecast: ScoreForecast | None = None
    score_name: str = "accuracy"
    gain_from_training: Gain = UNKNOWN_GAIN
    gain_from_width: Gain = UNKNOWN_GAIN
    verdict: str | None = None
    limited_by: str | None = None
    by_class: ClassScores | None = None
    delta: np.ndarray | None = None
    delta_std_err: np.ndarray | None = None
    bound: np.ndarray | None = None
    bound_std_err: np.ndarray | None = None
    bound_name: str = "projected"
    smoothed: np.ndarray | None = None
    rate: float = -2.0
    tol: float = 0.0
    n_samples_needed: int | None = None
    n_samples_needed_interval: tuple[int, int | None] = (0, None)
    converged: bool = False
    batch_size: int = 1
    estimator_name: str | None = None

    @property
    def first_size(self) -> float:
        """The smallest size that is measured, or else that of the forecast."""
        if len(self.train_sizes) or self.score_forecast is None:
            return float(np.min(self.train_sizes))
        return float(self.score_forecast.n * 2 ** self.score_forecast.doublings[0])


def measured_by(found: Any) -> dict[str, Any]:
    """The numbers of a fit or of repeats, by the names of `Measured`."""
    # Told by its table, as repeats are made of what this stage serves.
    return _repeated(found) if hasattr(found, "runs") else _of_one(curve_of(found))


def _of_one(curve: SampleSizeCurve) -> dict[str, Any]:
    columns, settings = curve.columns, curve.settings
    bound = BOUNDS[settings.bound]
    return {
        "train_sizes": columns["train_size"].astype(int),
        "scores": columns["validation_score"],
        "score_std_err": columns["validation_score_std_err"],
        "score_forecast": curve.score_forecast,
        "score_name": score_name(curve),
        "gain_from_training": curve.gain_from_training,
        "gain_from_width": curve.gain_from_width,
        "verdict": curve.verdict,
        "limited_by": curve.limited_by,
        "by_class": curve.by_class,
        "delta": columns["delta"],
        "delta_std_err": columns["delta_std_err"],
        "bound": columns[bound],
        "bound_std_err": columns[f"{bound}_std_err"],
        "bound_name": settings.bound,
        "smoothed": curve.forecast.smoothed,
        "rate": curve.forecast.rate,
        "tol": settings.tol,
        "n_samples_needed": curve.n_samples_needed,
        "n_samples_needed_interval": curve.n_samples_needed_interval,
        "converged": curve.forecast.converged,
        "batch_size": curve.batch_size,
        "estimator_name": type(curve.net.module_).__name__,
    }


def _repeated(found: Any) -> dict[str, Any]:
    if not len(found.scores):
        raise ValueError(
            "These repeats hold no scores. Make them with repeat_sample_size."
        )
    columns = found.scores.sort_values("n", kind="stable")
    return {
        "train_sizes": columns["n"].to_numpy(dtype=int),
        "scores": columns["score"].to_numpy(),
        "score_std_err": columns["std_err"].to_numpy(),
        "score_forecast": found.score_forecast,
        "score_name": found.score_name,
        "verdict": ", ".join(f"{name} ({n})" for name, n in found.verdicts.items()),
        "estimator_name": f"{len(found.runs)} seeds",
    }


def measured_elsewhere(
    n: ArrayLike | ScoreForecast, scores: ArrayLike, **given: Any
) -> dict[str, Any]:
    """Scores of any trainer, by the names of `Measured`, with their forecast."""
    if isinstance(n, ScoreForecast):
        if scores is not None or given:
            raise ValueError(
                "A ScoreForecast already knows its scores. Pass it alone, or sizes and "
                "scores."
            )
        return with_forecast(n, [], [])
    if scores is None:
        raise ValueError("Pass the scores at these sizes, or a ScoreForecast alone.")
    forecast = forecast_scores(n, scores, **given)
    return with_forecast(forecast, n, scores, given.get("std_err"))


def with_forecast(
    forecast: ScoreForecast, n: ArrayLike, scores: ArrayLike, std_err: ArrayLike = None
) -> dict[str, Any]:
    """A forecast and the scores it was made of, by the names of `Measured`."""
    n, scores = np.asarray(n, dtype=float), np.asarray(scores, dtype=float)
    errors = np.broadcast_to(0.0 if std_err is None else std_err, scores.shape)
    if scores.ndim == 2:  # A row a size.
        n = np.broadcast_to(n[:, None], scores.shape)
    order = np.argsort(n, axis=None, kind="stable")
    return {
        "train_sizes": n.ravel()[order],
        "scores": scores.ravel()[order],
        "score_std_err": errors.ravel()[order],
        "score_forecast": forecast,
    }
