"""An answer as text or as JSON."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import Any

import numpy as np
import pandas as pd

from sufficient._version import __version__
from sufficient.estimator import SampleSizeEstimator
from sufficient.many_fits.repeats import RepeatedSampleSize

__all__ = ["as_json", "as_text", "repeats_as_json", "repeats_as_text"]

MOST_ROWS = 20
ANSWERS = [
    "verdict", "converged", "k_star", "n_samples_star", "n_samples_needed",
    "n_samples_needed_interval", "expected_gain", "expected_gain_interval",
    "generalization_gap", "batch_size", "rate", "curves", "eigenvalues",
]  # fmt: skip
ANSWERS_OF_SEVERAL = [
    "mean", "median", "std", "cv", "interval", "converged", "verdicts",
]  # fmt: skip


def as_text(estimator: SampleSizeEstimator, run: dict[str, Any]) -> str:
    """The summary, the warnings it does not hold, and a table of the sizes."""
    summary = estimator.summary()
    width = shutil.get_terminal_size((88, 24)).columns
    notes = [note for note in run.get("warnings", ()) if note not in summary]
    lines = [*summary.splitlines(), *(f"Warning: {note}" for note in notes)]
    return "\n".join([*(textwrap.fill(s, width) for s in lines), "", _table(estimator)])


def _table(estimator):
    columns = {
        "samples": estimator.train_sizes_,
        "batches": estimator.batch_counts_,
        "delta": estimator.delta_curve_,
        "std error": estimator.delta_std_err_,
        "bound": estimator.bound_curve_,
        "smoothed": estimator.curves_["smoothed"],
        "train loss": estimator.curves_["train_loss"],
        "score": estimator.score_curve_,
        "top eigenvalue": estimator.eigenvalues_[:, 0],
    }
    frame = pd.DataFrame(columns)
    rows = np.unique(np.linspace(0, len(frame) - 1, MOST_ROWS).round().astype(int))
    return frame.iloc[rows].to_string(index=False, float_format="{:.3g}".format)


def as_json(estimator: SampleSizeEstimator, run: dict[str, Any]) -> str:
    """The answer and all curves as one JSON object."""
    answer = {name: getattr(estimator, f"{name}_") for name in ANSWERS}
    return _strict_json(answer | {"tol": estimator.tol, **run})


def repeats_as_text(found: RepeatedSampleSize, run: dict[str, Any]) -> str:
    """The answer of several seeds, and a table of them."""
    width = shutil.get_terminal_size((88, 24)).columns
    lines = [
        *found.summary().splitlines(),
        *(f"Warning: {note}" for note in run["warnings"]),
    ]
    table = found.runs.to_string(index=False, float_format="{:.3g}".format)
    return "\n".join([*(textwrap.fill(line, width) for line in lines), "", table])


def repeats_as_json(found: RepeatedSampleSize, run: dict[str, Any]) -> str:
    """The answer of several seeds as one JSON object."""
    answer = {name: getattr(found, name) for name in ANSWERS_OF_SEVERAL}
    return _strict_json(answer | {"runs": found.runs.to_dict("records"), **run})


def _strict_json(answer):
    answer |= {"version": __version__}
    text = json.dumps(answer, default=lambda array: array.tolist())
    # Read back, because strict JSON has no NaN and no infinity.
    return json.dumps(json.loads(text, parse_constant=lambda _: None))
