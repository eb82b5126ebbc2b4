"""One long run for each pair and seed, from which everything else is read.

The run is not stopped by the tolerance. What a rule would have said at some size
follows from the columns up to there; whether it came true, from the columns after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sufficient.curve import iterate_sample_size_curve
from sufficient.decision.stopping import forecast_sample_size

from ..common.clock import timed
from .pairs import Pair
from .runs import Run, file_name

__all__ = [
    "DEFAULTS",
    "NEVER",
    "Trace",
    "Variant",
    "load_trace",
    "trace_arrays",
    "trace_run",
]

NEVER = 1e-300
COLUMN = "column "


@dataclass(frozen=True)
class Trace:
    """Columns of one run, with scores on a large test set and on samples set apart.

    Attributes
    ----------
    pair, seed : str, int
        Name of the pair, and the seed.
    columns : dict of str to ndarray of shape (n_sizes,)
        The columns of `SampleSizeCurve`, and `test_score`.
    apart : ndarray of shape (n_sizes, n_apart)
        For each sample set apart, 1 if its class is predicted and 0 if not; in a
        regression the squared error. Any validation set can be drawn from these.
    cpu_seconds : float
        CPU time of the run.
    """

    pair: str
    seed: int
    columns: dict[str, np.ndarray]
    apart: np.ndarray
    cpu_seconds: float

    @classmethod
    def of(cls, pair: str, seed: int, arrays: dict[str, np.ndarray]) -> Trace:
        """A trace from the arrays that `trace_arrays` returns."""
        columns = {
            name.removeprefix(COLUMN): values
            for name, values in arrays.items()
            if name.startswith(COLUMN)
        }
        return cls(pair, seed, columns, arrays["apart"], float(arrays["cpu_seconds"]))


@dataclass(frozen=True)
class Variant:
    """A change from the defaults.

    Attributes
    ----------
    name : str
        Short name; empty for the defaults.
    settings : dict
        Parameters of `sample_size_curve`.
    until : float
        If above 0, the run ends when the landscape is stable at this tolerance.
    permuted : bool
        Whether the rows of X are permuted first.
    """

    name: str = ""
    settings: dict = field(default_factory=dict)
    until: float = 0.0
    permuted: bool = False


DEFAULTS = Variant()


def trace_run(pair: Pair, seed: int, folder: Path, variant: Variant = DEFAULTS) -> Run:
    """The run that computes a trace and stores it in a file."""
    path = folder / f"{file_name(pair.name, variant.name)}-{seed}.npz"
    return Run(path, trace_arrays, pair, seed, (variant,))


def load_trace(run: Run) -> Trace:
    """The trace of a run, read from its file if that exists."""
    return Trace.of(run.pair.name, run.seed, run.result())


def trace_arrays(pair: Pair, seed: int, variant: Variant) -> dict[str, np.ndarray]:
    """Run a fit; return the arrays of its trace by name."""
    data = pair.load()
    run = timed(_run_trace, pair, data, seed, variant)
    columns, apart = run.result
    return {
        "apart": np.array(apart, np.float16),
        "cpu_seconds": np.array(run.cpu),
        **{COLUMN + name: values for name, values in columns.items()},
    }


def _run_trace(pair, data, seed, variant):
    """Columns of the run, and one row of `Trace.apart` for each size."""
    test_scores, apart = [], []
    for answer in _answers(pair, data, seed, variant):
        task, net = answer.task, answer.net
        targets = task.encode(data.y_test)
        test_scores.append(task.score(targets, net.predict(data.X_test)))
        apart.append(_apart(task.encode(data.y_apart), net.predict(data.X_apart)))
        if variant.until and _has_settled(answer, variant.until):
            break
    return {**answer.columns, "test_score": np.array(test_scores)}, apart


def _answers(pair, data, seed, variant):
    rows = np.arange(len(data.X))
    if variant.permuted:
        rows = np.random.default_rng(seed).permutation(rows)
    settings = {"tol": NEVER, "n_candidates": 1, "training": pair.training}
    return iterate_sample_size_curve(
        pair.estimator(),
        data.X[rows],
        data.y[rows],
        random_state=seed,
        **{**settings, **variant.settings},
    )


def _has_settled(answer, tol):
    return forecast_sample_size(
        answer.columns["train_size"], answer.columns["projected"], tol=tol, patience=2
    ).converged


def _apart(targets, predictions):
    if targets.ndim == 1:
        return targets == predictions
    return ((targets - predictions) ** 2).mean(axis=1)
