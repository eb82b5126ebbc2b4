"""Sources of samples that are read on demand: mapped files, data sets and tables."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.sparse import issparse
from skorch.helper import SliceDataset
from torch.utils.data import DataLoader, Dataset, IterableDataset

from sufficient.arrow import ArrowColumns
from sufficient.data.items import as_pair, stacked
from sufficient.data.row_source import RowSource, read_targets
from sufficient.data.several import read_fields
from sufficient.typing import ArrayLike

__all__ = ["ArrayRows", "column_of", "is_source", "source_of", "targets_of"]

N_READ_TWICE = 4


class ArrayRows(RowSource):
    """Rows of an array: memory-mapped, or too large for a graphics card."""

    def __init__(self, X: np.ndarray) -> None:
        self.X = X
        super().__init__(len(X))

    def _read(self, rows):
        return np.asarray(self.X[_index(rows)]), None


class DatasetRows(RowSource):
    """Items of a map-style data set: samples, or pairs of a sample and a target."""

    def __init__(self, data: Any) -> None:
        self.data = data
        super().__init__(len(data))
        rows = np.arange(min(N_READ_TWICE, len(data)))
        if not np.array_equal(self[rows], self[rows], equal_nan=True):
            warnings.warn(
                "The data set gives other numbers when a sample is read again, as "
                "random augmentation does, so the answer is about other samples every "
                "time. Switch augmentation off, or store augmented samples.",
                stacklevel=2,
            )

    def _read(self, rows):
        items = zip(self._items(rows), rows, strict=True)
        samples, targets = zip(*(as_pair(*item) for item in items), strict=True)
        return stacked(samples, rows), None if targets[0] is None else targets

    def _items(self, rows):
        rows = rows.tolist()
        if hasattr(self.data, "__getitems__"):
            return self.data.__getitems__(rows)
        return [self.data[row] for row in rows]


class ColumnRows(RowSource):
    """Rows of the columns of a table; a single column may hold arrays."""

    columns: list[str]

    def __init__(
        self, data: Any, features: Sequence[str] | None, target: str | None
    ) -> None:
        present = data.column_names
        if isinstance(present, Mapping):
            raise ValueError(
                f"X is {len(present)} tables, {', '.join(present)}. Pass one of them."
            )
        self.data, self.target = data, target
        if features is None:
            features = [name for name in present if name != target]
        self.columns = list(features)
        wanted = [*self.columns, *([] if target is None else [target])]
        if missing := [name for name in wanted if name not in present]:
            raise ValueError(
                f"X has no column {missing[0]!r}, but {', '.join(present)}."
            )
        if not self.columns:
            raise ValueError(f"X has no columns besides {target!r}.")
        super().__init__(len(data))
        if len(self.shape) == 2 and self.shape[1] == len(self.columns):
            self.names = self.columns

    def _read(self, rows):
        index = _index(rows)
        table = self.data[index if isinstance(index, slice) else rows.tolist()]
        columns = [stacked(table[name], rows, name) for name in self.columns]
        targets = None if self.target is None else table[self.target]
        if len(columns) == 1 and columns[0].ndim > 1:
            return columns[0], targets
        return np.hstack([one.reshape(len(rows), -1) for one in columns]), targets


class SparseRows(RowSource):
    """Rows of a sparse matrix, made dense when they are read."""

    def __init__(self, X: Any) -> None:
        self.X = X.tocsr()
        super().__init__(X.shape[0])

    def _read(self, rows):
        return self.X[rows].toarray(), None


def is_source(X: ArrayLike) -> bool:
    """Whether X is read on demand rather than an array in memory."""
    known = isinstance(X, (Dataset, SliceDataset, DataLoader)) or issparse(X)
    return known or _is_mapped(X) or _has_columns(X)


def source_of(
    X: Any, *, target: str | None = None, features: Sequence[str] | None = None
) -> RowSource:
    """The source that reads X on demand.

    Parameters
    ----------
    X : memory-mapped array, sparse matrix, map-style Dataset or table
        Samples; a table has `column_names`. Of a DataLoader its data set.
    target : str or None, default=None
        Name of the target column of a table.
    features : sequence of str or None, default=None
        Names of the feature columns; None takes all columns except the target.

    Returns
    -------
    RowSource
    """
    if isinstance(X, DataLoader):
        X = X.dataset
    if isinstance(X, IterableDataset) or not (issparse(X) or hasattr(X, "__len__")):
        raise ValueError(
            f"{type(X).__name__} has no length or cannot be indexed, but samples are "
            "drawn at random. Pass a map-style Dataset, with __len__ and __getitem__."
        )
    if _has_columns(X):
        table = ArrowColumns(X) if hasattr(X, "to_batches") else X
        return ColumnRows(table, features, target)
    if target is not None:
        raise ValueError(
            f"y={target!r} is no column, since X has no columns. Pass the targets."
        )
    if issparse(X):
        return SparseRows(X)
    return ArrayRows(X) if _is_mapped(X) else DatasetRows(X)


def column_of(y: ArrayLike) -> str | None:
    """The name of the target column if y is a name; None otherwise."""
    return y if isinstance(y, str) else None


def targets_of(X: ArrayLike, y: ArrayLike) -> ArrayLike:
    """The targets: y itself, or read from X if y is None or the name of a column."""
    if (several := read_fields(X, y)) is not None:
        return read_targets(several[1])
    if is_source(X) and (y is None or isinstance(y, str)):
        return source_of(X, target=column_of(y)).targets()
    return read_targets(y)


def _index(rows):
    """Consecutive rows as a slice, which is read faster than an array of indices."""
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows) and np.all(np.diff(rows) == 1):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def _is_mapped(X):
    while isinstance(X, np.ndarray):
        if isinstance(X, np.memmap):
            return True
        X = X.base
    return False


def _has_columns(X):
    return hasattr(X, "column_names") and hasattr(X, "__getitem__")
