"""One long run per pair and seed, kept: everything else is read off these.

The run is not stopped by the tolerance. What any rule would have said at any size
follows from the columns up to there, and what came true from the columns after it.
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
    "followed",
    "recorded",
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
        Which run.
    columns : dict of str to ndarray of shape (n_sizes,)
        Those of `SampleSizeCurve`, and `test_score`.
    apart : ndarray of shape (n_sizes, n_apart)
        1 or 0 for each sample set apart, as it was classified right or wrong; the
        squared error in a regression. Any validation set can be drawn from these.
    cpu_seconds : float
        Spent on the run.
    """

    pair: str
    seed: int
    columns: dict[str, np.ndarray]
    apart: np.ndarray
    cpu_seconds: float

    @classmethod
    def of(cls, pair: str, seed: int, arrays: dict[str, np.ndarray]) -> Trace:
        """From the arrays that `followed` returns."""
        columns = {
            name.removeprefix(COLUMN): values
            for name, values in arrays.items()
            if name.startswith(COLUMN)
        }
        return cls(pair, seed, columns, arrays["apart"], float(arrays["cpu_seconds"]))


@dataclass(frozen=True)
class Variant:
    """What is different from the defaults.

    Attributes
    ----------
    name : str
        Short; empty for the defaults.
    settings : dict
        Parameters of `sample_size_curve`.
    until : float
        The run ends where the landscape has settled at this tolerance, if above 0.
    permuted : bool
        Whether the samples come in another order.
    """

    name: str = ""
    settings: dict = field(default_factory=dict)
    until: float = 0.0
    permuted: bool = False


DEFAULTS = Variant()


def trace_run(pair: Pair, seed: int, folder: Path, variant: Variant = DEFAULTS) -> Run:
    """The run of a trace, and the file in which it is kept."""
    path = folder / f"{file_name(pair.name, variant.name)}-{seed}.npz"
    return Run(path, followed, pair, seed, (variant,))


def recorded(run: Run) -> Trace:
    """The trace, read if it is there, otherwise run and kept."""
    return Trace.of(run.pair.name, run.seed, run.result())


def followed(pair: Pair, seed: int, variant: Variant) -> dict[str, np.ndarray]:
    """Run and return the arrays of a trace by name."""
    data = pair.load()
    run = timed(_followed, pair, data, seed, variant)
    columns, apart = run.result
    return {
        "apart": np.array(apart, np.float16),
        "cpu_seconds": np.array(run.cpu),
        **{COLUMN + name: values for name, values in columns.items()},
    }


def _followed(pair, data, seed, variant):
    """Columns of the run, and a row for each size of the samples set apart."""
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
    asked = {"tol": NEVER, "n_candidates": 1, "training": pair.training}
    return iterate_sample_size_curve(
        pair.estimator(),
        data.X[rows],
        data.y[rows],
        random_state=seed,
        **{**asked, **variant.settings},
    )


def _has_settled(answer, tol):
    return forecast_sample_size(
        answer.columns["train_size"], answer.columns["projected"], tol=tol, patience=2
    ).converged


def _apart(targets, predictions):
    if targets.ndim == 1:
        return targets == predictions
    return ((targets - predictions) ** 2).mean(axis=1)
