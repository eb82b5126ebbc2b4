"""Data that are read on demand, and when two answers are the same."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal
from torch.utils.data import Dataset

from sufficient import SampleSizeEstimator
from tests.same import assert_same_curves, assert_same_weights
from tests.small import SEEDED, small_net

N, N_COLUMNS = 300, 6
NAMES = [f"column {i}" for i in range(N_COLUMNS)]
LABELS = np.array(["ash", "birch", "cedar"])
SETTINGS = {**SEEDED, "schedule": [2, 5, 9], "batch_size": 16}


class Table:
    """Named columns in the manner of Hugging Face `datasets`: lists of numbers."""

    def __init__(self, columns):
        self.columns, self.most_read = columns, 0
        self.column_names = list(columns)

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def __getitem__(self, rows):
        found = {name: picked(column, rows) for name, column in self.columns.items()}
        self.most_read = max(self.most_read, len(found[self.column_names[0]]))
        return found


class Items(Dataset):
    """Map-style, one sample at a time, with or without its target."""

    def __init__(self, *parts):
        self.parts = parts

    def __len__(self):
        return len(self.parts[0])

    def __getitem__(self, row):
        items = tuple(part[row] for part in self.parts)
        return items if len(items) > 1 else items[0]


def picked(column, rows):
    if isinstance(rows, slice):
        return list(column[rows])
    return [column[row] for row in rows]


def asked(X, y, net=None, **changes):
    """An estimator fitted to data of any kind."""
    net = small_net(8) if net is None else net
    return SampleSizeEstimator(net, **{**SETTINGS, **changes}).fit(X, y)


def assert_same_answer(found, expected):
    assert_same_curves(found, expected)
    assert_array_equal(found.eigenvalues_, expected.eigenvalues_)
    assert_array_equal(found.train_indices_, expected.train_indices_)
    assert_same_weights(found.estimator_, expected.estimator_)


def as_columns(mapped, X, y):
    """As a table that holds its target; `mapped` is for others of its kind."""
    columns = dict(zip(NAMES, X.T.tolist(), strict=True))
    return Table({**columns, "tree": y.tolist()}), "tree"
