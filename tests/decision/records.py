"""Records of measurements, written by hand."""

from __future__ import annotations

import numpy as np
import torch

from sufficient.results import Measurement, Record


def record_of(n, landscape, scores, **columns):
    """A record with these curves; everything else is in order."""
    usual = {
        "validation_score_std_err": 0.003,
        "train_score": np.nan,
        "above_chance": 20.0,
        "longer_training_gain": 0.0,
        "longer_training_gain_std_err": 0.001,
    }
    given = {"train_size": n, "validation_score": scores, **usual, **columns}
    given |= dict.fromkeys(("projected", "eigenvalue", "delta"), landscape)
    rows = zip(*(np.broadcast_to(c, len(n)) for c in given.values()), strict=True)
    return Record(
        tuple(
            Measurement(
                dict(zip(given, map(float, row), strict=True)),
                np.ones(2),
                np.zeros(2),
                torch.eye(2),
                torch.zeros(0),
            )
            for row in rows
        )
    )
