"""Samples that are read a few rows at a time, and checked as they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from sklearn.utils import check_array
from sklearn.utils.validation import _check_y, _num_samples
from skorch.helper import SliceDataset

from sufficient.data.items import check_rows_finite, ragged_message, stacked
from sufficient.data.numbers import check_whole
from sufficient.data.parts import parts
from sufficient.typing import ArrayLike

__all__ = ["RowSource", "read_targets"]

CHUNK_BYTES = 2**22
N_HEAD = 32
N_TARGETS = 2**14


class RowSource:
    """Samples that are read a few rows at a time, and checked.

    Attributes
    ----------
    dtype : dtype
        In which samples are read: float32, unless it is set to int64 afterwards.
    is_whole : bool
        Whether the first sample holds integers.
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
        self.is_whole = first.dtype.kind in "iu"
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
            y = read_targets(y)
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
        if self.dtype.kind == "i":
            check_whole(values)
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


def read_targets(y: ArrayLike) -> ArrayLike:
    """The targets: read, where they are to be read one by one; else as they are."""
    if not isinstance(y, SliceDataset):
        return y
    rows = (np.arange(part.start, part.stop) for part in parts(len(y), N_TARGETS))
    return np.concatenate([stacked([y[i] for i in r], r, "y") for r in rows])
