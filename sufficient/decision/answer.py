"""The whole answer, out of what was measured."""

from __future__ import annotations

import numpy as np
from scipy import stats
from skorch import NeuralNet

from sufficient.data.task import Task
from sufficient.decision.class_scores import class_scores_of
from sufficient.decision.measured_scores import forecast_of, loss_forecast_of
from sufficient.decision.stopping import landscape_forecast
from sufficient.decision.verdict import limited_by, verdict_of
from sufficient.results import Gain, Record, SampleSizeCurve, SampleSizeForecast
from sufficient.settings import BOUNDS, Settings

__all__ = ["answer_of", "measured_gain"]

COVERAGE = 0.9


def answer_of(
    record: Record,
    settings: Settings,
    net: NeuralNet,
    task: Task,
    *,
    batch_size: int,
    n_train: int,
    is_one_net: bool,
) -> SampleSizeCurve:
    """What follows from the sizes measured so far.

    Parameters
    ----------
    record : Record
        At least one size.
    settings : Settings
        Tolerance, patience, bound and smallest gain that counts are read.
    net : NeuralNet
        As trained at the last size.
    task : Task
        How targets are read.
    batch_size : int
        Samples in a batch.
    n_train : int
        Samples there are to train on.
    is_one_net : bool
        Whether all sizes are seen by one net, whose scores say nothing of more data.

    Returns
    -------
    SampleSizeCurve

    Raises
    ------
    ValueError
        If nothing has been measured yet.
    """
    if not record:
        raise ValueError("Nothing has been measured yet.")
    landscape = landscape_forecast(record, settings)
    scores = None if is_one_net else forecast_of(record, settings.scoring, task)
    min_gain = settings.min_gain
    training = measured_gain(record, "longer_training")
    width = measured_gain(record, "wider_net")
    columns = record.columns
    columns["smoothed"] = landscape.smoothed
    columns["smoothed_std_err"] = _smoothed_std_err(record, landscape, settings)
    return SampleSizeCurve(
        record=record,
        columns=columns,
        eigenvalues=np.array([m.eigenvalues for m in record.measurements]),
        eigenvalue_shifts=np.array([m.eigenvalue_shifts for m in record.measurements]),
        eigenvectors=record.eigenvectors,
        forecast=landscape,
        score_forecast=scores,
        loss_forecast=None if is_one_net else loss_forecast_of(record),
        by_class=class_scores_of(record, task, is_one_net=is_one_net),
        gain_from_training=training,
        gain_from_width=width,
        limited_by=limited_by(scores, training, width, min_gain),
        verdict=verdict_of(
            scores,
            training,
            min_gain=min_gain,
            above_chance=record.last.columns["above_chance"],
        ),
        net=net,
        task=task,
        settings=settings,
        batch_size=batch_size,
        n_train=n_train,
    )


def measured_gain(record: Record, change: str) -> Gain:
    """What a change adds to the score at the last size; NaN where not measured."""
    last = record.last.columns
    expected, std_err = (last[f"{change}_gain{part}"] for part in ("", "_std_err"))
    reach = stats.norm.ppf((1 + COVERAGE) / 2) * std_err
    return Gain(expected, (expected - reach, expected + reach))


def _smoothed_std_err(
    record: Record, forecast: SampleSizeForecast, settings: Settings
) -> np.ndarray:
    # Displacements and late fresh samples are the same at all sizes, so their error
    # does not show as scatter along them.
    name = BOUNDS[settings.bound]
    values, errors = record.column(name), record.column(f"{name}_std_err")
    known = np.isfinite(errors) & (values > 0)
    shared = np.divide(errors, values, out=np.zeros(len(values)), where=known)
    return np.hypot(forecast.smoothed_std_err, forecast.smoothed * shared)
