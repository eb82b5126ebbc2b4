"""Sources of samples that are read on demand: mapped files, data sets and tables."""

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
from sufficient.data.items import as_pair, check_rows_finite, ragged_message, stacked
from sufficient.data.parts import parts
from sufficient.typing import ArrayLike

__all__ = [
    "ArrayRows",
    "RowSource",
    "column_of",
    "is_source",
    "source_of",
    "targets_of",
]

CHUNK_BYTES = 2**22
N_HEAD = 32
N_TARGETS = 2**14


class RowSource:
    """Samples that are read a few rows at a time, as float32, and checked.

    Attributes
    ----------
    shape : tuple of int
        (n, ...), like the shape of an array.
    has_targets : bool
        Whether the source also holds the targets.
    columns : list of str or None
        Names of the columns that are read; None if the source has no columns.
    names : list of str or None
        Names of the features, if each feature is a column.
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
        """Size of a row in memory, in bytes."""
        return self.dtype.itemsize * max(1, int(np.prod(self.shape[1:])))

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(len(self)))
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        for part in self._chunks(len(rows)):
            found[part], _ = self._checked(rows[part])
        return found

    def pieces(self) -> Iterator[np.ndarray]:
        """All rows in consecutive pieces."""
        return (self[part] for part in self._chunks(len(self)))

    def head(self) -> np.ndarray | pd.DataFrame:
        """The first rows, with the names of the features."""
        few = self[:N_HEAD]
        return few if self.names is None else pd.DataFrame(few, columns=self.names)

    def checked_targets(
        self, y: ArrayLike, *, regression: bool, several: Callable[[object], bool]
    ) -> np.ndarray:
        """Read and check every row; return the checked targets.

        Parameters
        ----------
        y : array-like of shape (n,) or (n, n_targets), str or None
            Targets, the name of their column, or None if the source holds them.
        regression : bool
            Whether the targets are numbers.
        several : callable
            Gets the targets; returns whether a sample may have several.

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
        """Read and check every row; return the targets that the source holds."""
        if not self.has_targets:
            raise ValueError(
                "This estimator requires y to be passed, but the target y is None. "
                "Pass y, use a data set of pairs (x, y), or name the column of a table."
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
        """Rows as an unchecked array, and a sequence of their targets or None."""
        raise NotImplementedError

    def _checked(self, rows):
        values, targets = self._read(rows)
        if values.shape[1:] != self.shape[1:]:
            raise ValueError(ragged_message(values[0], rows[0], self.shape[1:]))
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
                "Encode or drop text; if it is the target, name its column as y."
            ) from error
        check_rows_finite(values, rows)
        return values, targets

    def _chunks(self, n):
        return parts(n, max(1, CHUNK_BYTES // self.row_bytes))


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


def is_source(X: ArrayLike) -> bool:
    """Whether X is read on demand rather than an array in memory."""
    return isinstance(X, (Dataset, SliceDataset)) or _is_mapped(X) or _has_columns(X)


def source_of(
    X: Any, *, target: str | None = None, features: Sequence[str] | None = None
) -> RowSource:
    """The source that reads X on demand.

    Parameters
    ----------
    X : memory-mapped array, map-style Dataset or table with `column_names`
        Samples.
    target : str or None, default=None
        Name of the target column of a table.
    features : sequence of str or None, default=None
        Names of the feature columns; None takes all columns except the target.

    Returns
    -------
    RowSource
    """
    if isinstance(X, IterableDataset) or not hasattr(X, "__len__"):
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
    return ArrayRows(X) if _is_mapped(X) else DatasetRows(X)


def column_of(y: ArrayLike) -> str | None:
    """The name of the target column if y is a name; None otherwise."""
    return y if isinstance(y, str) else None


def targets_of(X: ArrayLike, y: ArrayLike) -> ArrayLike:
    """The targets: y itself, or read from X if y is None or the name of a column."""
    if is_source(X) and (y is None or isinstance(y, str)):
        return source_of(X, target=column_of(y)).targets()
    if isinstance(y, SliceDataset):
        rows = (np.arange(part.start, part.stop) for part in parts(len(y), N_TARGETS))
        return np.concatenate([stacked([y[i] for i in r], r, "y") for r in rows])
    return y


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
