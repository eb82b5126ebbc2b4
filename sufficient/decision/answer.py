"""The whole answer, out of what was measured."""

from __future__ import annotations

import numpy as np
from skorch import NeuralNet

from sufficient.data.task import Task
from sufficient.decision.gain import forecast_gain
from sufficient.decision.stopping import StoppingRule
from sufficient.decision.verdict import join_verdict, score_above_chance
from sufficient.results import Record, SampleSizeCurve, SampleSizeForecast
from sufficient.settings import BOUNDS

__all__ = ["answer_of"]


def answer_of(
    record: Record, rule: StoppingRule, net: NeuralNet, task: Task, batch_size: int
) -> SampleSizeCurve:
    """What follows from the sizes measured so far.

    Parameters
    ----------
    record : Record
        At least one size.
    rule : StoppingRule
        Reads the curve that decides.
    net : NeuralNet
        As trained at the last size.
    task : Task
        How targets are read.
    batch_size : int
        Samples in a batch.

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
    forecast = rule.forecast(record)
    gain = forecast_gain(
        record.column("train_size"),
        record.column("validation_score"),
        record.column("train_score"),
        record.column("validation_score_std_err"),
        one_net=rule.is_one_net,
    )
    verdict = join_verdict(
        converged=forecast.converged,
        gain=gain,
        min_gain=rule.settings.min_gain,
        score_above_chance=score_above_chance(record.last.columns),
    )
    columns = record.columns
    columns["smoothed"] = forecast.smoothed
    columns["smoothed_std_err"] = _smoothed_std_err(record, forecast, rule)
    return SampleSizeCurve(
        columns=columns,
        eigenvalues=np.array([m.eigenvalues for m in record.measurements]),
        eigenvalue_shifts=np.array([m.eigenvalue_shifts for m in record.measurements]),
        eigenvectors=record.eigenvectors,
        forecast=forecast,
        gain=gain,
        verdict=verdict,
        net=net,
        task=task,
        batch_size=batch_size,
    )


def _smoothed_std_err(
    record: Record, forecast: SampleSizeForecast, rule: StoppingRule
) -> np.ndarray:
    # Displacements and late fresh samples are the same at all sizes, so their error
    # does not show as scatter along them.
    name = BOUNDS[rule.settings.bound]
    values, errors = record.column(name), record.column(f"{name}_std_err")
    known = np.isfinite(errors) & (values > 0)
    shared = np.divide(errors, values, out=np.zeros(len(values)), where=known)
    return np.hypot(forecast.smoothed_std_err, forecast.smoothed * shared)
