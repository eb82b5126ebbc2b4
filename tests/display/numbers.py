"""Numbers to draw, in place of a fit."""

from __future__ import annotations

import numpy as np

from sufficient import forecast_scores

N = np.array([128, 256, 512, 1024])


def numbers(**changes):
    """Arguments of `SampleSizeDisplay`, some of them changed."""
    values = {
        "train_sizes": N,
        "delta": 4e3 / N**2,
        "delta_std_err": 4e2 / N**2,
        "bound": 4e4 / N**2,
        "bound_std_err": 4e3 / N**2,
        "bound_name": "projected",
        "smoothed": 4e4 / N**2,
        "rate": -2.0,
        "tol": 0.1,
        "n_samples_needed": 640,
        "n_samples_needed_interval": (580, 700),
        "converged": True,
        "batch_size": 64,
        "scores": 1 - 10 / N,
        "score_std_err": 0.1 / np.sqrt(N),
        "score_forecast": forecast_scores(N, 1 - 10 / N, n_held_out=1000),
    }
    return {**values, **changes}


def labels(ax):
    """What the legend says."""
    return [text.get_text() for text in ax.get_legend().get_texts()]
