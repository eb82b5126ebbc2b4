"""Samples that are read on demand: from a mapped file, a data set, named columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_array
from sklearn.utils.validation import _check_y, _num_samples
from skorch.helper import SliceDataset
from torch.utils.data import Dataset, IterableDataset

from sufficient.arrow import ArrowColumns
from sufficient.data.items import as_pair, check_rows_finite, ragged, stacked
from sufficient.data.parts import parts
from sufficient.typing import ArrayLike

__all__ = ["RowSource", "column_of", "is_source", "source_of", "targets_of"]

CHUNK_BYTES = 2**22
N_HEAD = 32
N_TARGETS = 2**14


class RowSource:
    """Samples of which some rows at a time are read, as checked float32.

    Attributes
    ----------
    shape : tuple of int
        (n, ...), as of an array.
    has_targets : bool
        Whether targets come with the rows.
    columns : list of str or None
        Columns that are read, where there are columns.
    names : list of str or None
        Names of the features, where each has a column.
    """

    dtype = np.dtype(np.float32)
    columns: list[str] | None = None
    names: list[str] | None = None

    def __init__(self, n: int) -> None:
        if not n:
            raise ValueError("X has no rows; at least one is needed.")
        first, targets = self._read(np.arange(1))
        self.shape = (n, *first.shape[1:])
        self.has_targets = targets is not None

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def row_bytes(self) -> int:
        """Bytes of a row in memory."""
        return self.dtype.itemsize * max(1, int(np.prod(self.shape[1:])))

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for part in self._chunks(len(rows)):
            found[part], _ = self._checked(rows[part])
        return found

    def pieces(self) -> Iterator[np.ndarray]:
        """All rows, some at a time."""
        return (self[part] for part in self._chunks(len(self)))

    def head(self) -> np.ndarray | pd.DataFrame:
        """A few rows, with the names of their features."""
        few = self[:N_HEAD]
        return few if self.names is None else pd.DataFrame(few, columns=self.names)

    def checked_targets(
        self, y: ArrayLike, *, regression: bool, several: Callable[[object], bool]
    ) -> np.ndarray:
        """Check every row, and return checked targets, one for each.

        Parameters
        ----------
        y : array-like of shape (n,) or (n, n_targets), str or None
            Targets, the name of their column, or None where they come with the rows.
        regression : bool
            Whether they are numbers.
        several : callable
            Whether there may be several for each sample, given all of them.

        Returns
        -------
        ndarray of shape (n,) or (n, n_targets)
        """
        if y is None or isinstance(y, str):
            y = self.targets()
        else:
            y = targets_of(self, y)
            self._check_length(_num_samples(y))
            for _ in self._checked_chunks():
                pass
        return _check_y(y, multi_output=several(y), y_numeric=regression)

    def targets(self) -> np.ndarray:
        """Check every row, and return the targets that come with them."""
        if not self.has_targets:
            raise ValueError(
                "This estimator requires y to be passed, but the target y is None. "
                "A data set of pairs brings it along; for a table, name its column."
            )
        found = (stacked(y, rows, "y") for y, rows in self._checked_chunks())
        return np.concatenate(list(found))

    def _checked_chunks(self):
        for part in self._chunks(len(self)):
            rows = np.arange(part.start, part.stop)
            yield self._checked(rows)[1], rows

    def _check_length(self, n):
        if n != len(self):
            raise ValueError(
                f"X has {len(self):,} rows and y has {n:,}. Give one target for each "
                "row."
            )

    def _read(self, rows):
        """Rows of any kind as an array, and their targets one by one, or None."""
        raise NotImplementedError

    def _checked(self, rows):
        values, targets = self._read(rows)
        if values.shape[1:] != self.shape[1:]:
            raise ValueError(ragged(values[0], rows[0], self.shape[1:]))
        try:
            values = check_array(
                values,
                dtype=self.dtype,
                allow_nd=True,
                ensure_2d=False,
                ensure_all_finite=False,
            )
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"Rows {rows[0]:,} to {rows[-1]:,} of X are not numeric ({error}). "
                "Encode what is text, or leave it out; if it is the target, name its "
                "column as y."
            ) from error
        check_rows_finite(values, rows)
        return values, targets

    def _chunks(self, n):
        return parts(n, max(1, CHUNK_BYTES // self.row_bytes))


class ArrayRows(RowSource):
    """Rows of an array in a mapped file."""

    def __init__(self, X: np.ndarray) -> None:
        self.X = X
        super().__init__(len(X))

    def _read(self, rows):
        return np.asarray(self.X[_index(rows)]), None


class DatasetRows(RowSource):
    """Items of a map-style data set: samples, or pairs of a sample and its target."""

    def __init__(self, data: Any) -> None:
        self.data = data
        super().__init__(len(data))

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
    """Rows of named columns, side by side; a single column may hold whole arrays."""

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


def is_source(X: ArrayLike) -> bool:
    """Whether X is to be read on demand, and not an array in memory."""
    return isinstance(X, (Dataset, SliceDataset)) or _is_mapped(X) or _has_columns(X)


def source_of(
    X: Any, *, target: str | None = None, features: Sequence[str] | None = None
) -> RowSource:
    """X, read on demand.

    Parameters
    ----------
    X : memory-mapped array, map-style Dataset or table with `column_names`
        Samples.
    target : str or None, default=None
        Column of the targets, where there are columns.
    features : sequence of str or None, default=None
        Columns of the samples; None takes all but that of the targets.

    Returns
    -------
    RowSource
    """
    if isinstance(X, IterableDataset) or not hasattr(X, "__len__"):
        raise ValueError(
            f"{type(X).__name__} has no length or no order, and samples are drawn at "
            "random. Pass a map-style Dataset, with __len__ and __getitem__."
        )
    if _has_columns(X):
        table = ArrowColumns(X) if hasattr(X, "to_batches") else X
        return ColumnRows(table, features, target)
    if target is not None:
        raise ValueError(
            f"y={target!r} is no column, since X has none. Pass the targets."
        )
    return ArrayRows(X) if _is_mapped(X) else DatasetRows(X)


def column_of(y: ArrayLike) -> str | None:
    """The name of the targets' column, where y is one."""
    return y if isinstance(y, str) else None


def targets_of(X: ArrayLike, y: ArrayLike) -> ArrayLike:
    """Targets as they are given, read where they have to be."""
    if is_source(X) and (y is None or isinstance(y, str)):
        return source_of(X, target=column_of(y)).targets()
    if isinstance(y, SliceDataset):
        rows = (np.arange(part.start, part.stop) for part in parts(len(y), N_TARGETS))
        return np.concatenate([stacked([y[i] for i in r], r, "y") for r in rows])
    return y


def _index(rows):
    """Rows in a row as a slice, which is faster."""
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
