"""What every parameter may be, checked by scikit-learn's own validation."""

from __future__ import annotations

import os
from numbers import Integral, Real

from sklearn.metrics import get_scorer_names
from sklearn.utils._param_validation import Interval, StrOptions

from sufficient.landscape.measure import BOUNDS
from sufficient.training.strategies import TRAININGS

__all__ = ["PARAMETER_CONSTRAINTS"]

PARAMETER_CONSTRAINTS: dict[str, list | str] = {
    # The net has its own check, whose message names the remedy.
    "estimator": "no_validation",
    "tol": [Interval(Real, 0, None, closed="neither")],
    "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    "n_directions": [Interval(Integral, 1, None, closed="left")],
    "sigma": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
    "bound": [StrOptions(set(BOUNDS))],
    "n_monte_carlo": [Interval(Integral, 2, None, closed="left")],
    "training": [StrOptions(set(TRAININGS))],
    "scoring": [StrOptions(set(get_scorer_names())), callable, None],
    "min_gain": [Interval(Real, 0, None, closed="left")],
    "patience": [Interval(Integral, 1, None, closed="left")],
    "validation_fraction": [
        Interval(Real, 0, 1, closed="neither"),
        StrOptions({"auto"}),
    ],
    "schedule": [
        StrOptions({"geometric", "all"}),
        Interval(Real, 1, None, closed="neither"),
        "array-like",
    ],
    "update_epochs": [Interval(Integral, 1, None, closed="left")],
    "n_fresh": [Interval(Integral, 2, None, closed="left")],
    "n_candidates": [Interval(Integral, 1, None, closed="left")],
    "eigen_tol": [Interval(Real, 0, 1, closed="neither")],
    "device": [str, None],
    "checkpoint": [str, os.PathLike, None],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}
