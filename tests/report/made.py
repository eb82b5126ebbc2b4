"""Curves with some of their numbers changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np


def with_last(curve, **columns):
    """The curve with other numbers at its last size."""
    last = curve.record.last
    changed = replace(last, columns={**last.columns, **columns})
    record = curve.record.with_last(changed)
    given = {name: record.column(name) for name in columns}
    return replace(curve, record=record, columns={**curve.columns, **given})


class Forecast:
    """Says what it is told to."""

    probability_late, outliers = 0.0, ()

    def __init__(self, probability=0.5, gain=(0.02, (0.01, 0.03)), **said):
        self.probability, self.expected = probability, gain
        self.__dict__.update(said)

    def gain(self, factor=2):
        """As given."""
        return self.expected

    def probability_of_gain_below(self, min_gain, factor=2):
        """As given."""
        return self.probability


SOUND = {
    "quadratic_ratio": 0.9,
    "delta": 0.9,
    "delta_std_err": 0.01,
    "projected": 1.0,
    "projected_std_err": 0.1,
    "n_fresh": 2048.0,
    "n_held_out": 1024.0,
    "gradient_norm": 0.01,
    "train_loss": 0.3,
    "negative_curvature": 0.01,
    "training_capped": 0.0,
    "eigen_certified": 1.0,
}
SETTLED = {"converged": True, "n_samples": 512, "interval": (400, 600)}


def sound(curve, **wrong):
    """A settled curve with nothing wrong but what is given."""
    settled = replace(curve, forecast=replace(curve.forecast, **SETTLED))
    certified = np.ones(len(curve.record))
    settled = with_last(settled, **{**SOUND, **wrong})
    columns = {**settled.columns, "eigen_certified": certified}
    return replace(settled, columns=columns, score_forecast=Forecast())
