"""Learning curves from a file of the user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..common.store import read

__all__ = ["DOUBLING", "Curve", "missing", "read_curves"]

# Sizes on the grid to a doubling.
DOUBLING = 8
ARRAYS = {"error", "dataset_ids", "learners", "anchors"}
FORMAT = """\
The learning curves are those of LCDB 1.1 (github.com/learning-curve-research/LCDB-1.1,
arXiv 2505.15657, CC BY 4.0). Put them into a NumPy file (.npz) with these arrays:

error        of shape (n_tables, n_learners, 2, n_anchors, 3): error rates; mean and
             standard error over splits; for training, validation and test samples.
             NaN where there was no run.
dataset_ids  of shape (n_tables,): OpenML numbers of the tables.
learners     of shape (n_learners,): names, nets as MLP, RealMLP, TabNet, TabPFNv2.
anchors      of shape (n_anchors,): training-set sizes; a doubling is 8 anchors on."""


@dataclass(frozen=True)
class Curve:
    """One learner on one table: test and training errors, means over splits.

    All arrays lie on the grid of all sizes, with NaN where there was no run.
    """

    table: int
    learner: str
    place_in_file: int
    sizes: np.ndarray
    errors: np.ndarray
    std_err: np.ndarray
    train_errors: np.ndarray


def missing(paths: Sequence[Path]) -> list[str]:
    """A message about files that are not there, or hold something else."""
    wrong = [str(path) for path in paths if not _is_complete(path)]
    if paths and not wrong:
        return []
    what = f"not such a file: {', '.join(wrong)}" if wrong else "use --curves FILE.npz"
    return [f"{FORMAT}\n\n{what}"]


def read_curves(paths: Sequence[Path]) -> list[Curve]:
    """All learning curves of the files."""
    return [curve for path in paths for curve in _of_file(read(path))]


def _is_complete(path):
    return path.suffix == ".npz" and path.is_file() and {*np.load(path)} >= ARRAYS


def _of_file(arrays):
    sizes = arrays["anchors"].astype(float)
    for table, errors in zip(arrays["dataset_ids"], arrays["error"], strict=True):
        for place, learner in enumerate(arrays["learners"]):
            (train, _, test), (_, _, std_err) = (
                errors[place].astype(float).swapaxes(1, 2)
            )
            yield Curve(int(table), str(learner), place, sizes, test, std_err, train)
