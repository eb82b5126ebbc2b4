"""The scores that were measured, as the forecast takes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sufficient.data.task import Task
from sufficient.decision.forecast_scores import forecast_given
from sufficient.decision.given_scores import checked_scores
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.decision.score_range import score_range_of
from sufficient.results import Record

__all__ = ["forecast_of", "loss_forecast_of"]


def forecast_of(
    record: Record, scoring: str | Callable | None, task: Task
) -> ScoreForecast | None:
    """Forecast of the validation score; None where it or its error is not a number."""
    scores, std_err = (
        record.column(f"validation_score{part}") for part in ("", "_std_err")
    )
    if not np.isfinite([scores[-1], std_err[-1]]).all():
        return None
    given = checked_scores(
        record.column("train_size"),
        scores,
        std_err=std_err,
        train_scores=record.column("train_score"),
        correlation=_correlation(record),
        score_range=score_range_of(scoring, task, scores),
    )
    return forecast_given(given)


def loss_forecast_of(record: Record) -> ScoreForecast | None:
    """Forecast of the negative held-out loss; None where that is not a loss above zero.

    The loss is the calibrated one: logits are divided by the temperature that fits the
    held-out samples best, as a net that is too sure says nothing of the data.
    """
    loss, train, raw = (
        record.column(name)
        for name in ("calibrated_loss", "calibrated_train_loss", "validation_loss")
    )
    std_err = record.column("validation_loss_std_err")
    if not np.isfinite([loss[-1], std_err[-1]]).all() or np.nanmin(loss) < 0:
        return None
    ratio = np.divide(loss, raw, out=np.ones_like(loss), where=raw > 0)
    given = checked_scores(
        record.column("train_size"),
        -loss,
        std_err=std_err * ratio,
        train_scores=-train,
        score_range=(-np.inf, 0),
    )
    return forecast_given(given)


def _correlation(record: Record) -> np.ndarray | None:
    """Of the noise of the scores, since the same samples are scored at every size."""
    parts = [m.contributions.double().numpy() for m in record.measurements]
    if len({len(part) for part in parts}) > 1 or len(parts[0]) < 2:
        return None
    rows = np.array(parts)
    if not np.isfinite(rows).all():
        return None
    # Scaled first, as R^2 of a net far off can be too large to be squared.
    rows = rows / np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-300)
    centred = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1)
    scale = np.where(lengths > 0, lengths, 1.0)
    found = (centred / scale[:, None]) @ (centred / scale[:, None]).T
    np.fill_diagonal(found, 1.0)
    return found if np.isfinite(found).all() else None
