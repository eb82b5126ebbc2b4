"""Samples that are read on demand, in a given order, and behave like a tensor."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch
from sklearn import get_config

from sufficient.data.row_source import RowSource
from sufficient.data.sources import ArrayRows
from sufficient.fields import Fields, are_fields
from sufficient.reproducibility.devices import OUT_OF_MEMORY, free_bytes
from sufficient.typing import Rows

__all__ = ["Stream", "as_rows", "rows_of", "share_of_memory"]

SHARE = 1 / 4
PIECE_BYTES = 2**25
# The library works on this many samples at a time, however large a sample is.
MIN_IN_MEMORY = 2**11


def share_of_memory() -> int:
    """Bytes for each of three things: seen samples, held-out samples, cached products.

    A quarter of scikit-learn's `working_memory`, which is 1024 MiB by default.
    """
    return int(SHARE * get_config()["working_memory"] * 2**20)


def rows_of(
    X: np.ndarray | Fields | RowSource,
    order: np.ndarray,
    min_in_memory: int = 0,
    device: torch.device | str = "cpu",
) -> np.ndarray | Fields | Stream:
    """Samples in the given order: an array, or a stream if X is read on demand.

    An array becomes a stream, too, if it would take more than half of the memory that
    the device has left.
    """
    if isinstance(X, np.ndarray):
        free = free_bytes(torch.device(device))
        if free is None or 2 * len(order) * X[:1].nbytes <= free:
            return X[order]
        X = ArrayRows(X)
    if isinstance(X, RowSource):
        return Stream(X, order, min_in_memory=min_in_memory)
    return X[order]


def as_rows(X: Any) -> Rows:
    """Samples as a tensor, or as several, unless they are a stream."""
    if isinstance(X, Stream):
        return X
    if isinstance(X, Fields):
        return X.tensors()
    return Fields.of(X).tensors() if are_fields(X) else torch.as_tensor(X)


class Stream:
    """Used in place of a tensor of samples that does not fit in memory.

    Indexing with an integer or an array reads these samples and returns a tensor. A
    slice is read as well if it fits in its share of memory; otherwise it is another
    stream. The first samples, as many as fit, are kept in memory once read, unless the
    device has no room for them.

    Parameters
    ----------
    source : RowSource
        Source of the samples.
    order : ndarray of shape (n,)
        Rows of the source, in the order of this stream.
    device : torch.device or str, default="cpu"
        Device of the tensors.
    min_in_memory : int, default=0
        Slices of up to this many samples are read even if they do not fit.
    """

    def __init__(
        self,
        source: RowSource,
        order: np.ndarray,
        device: torch.device | str = "cpu",
        min_in_memory: int = 0,
    ) -> None:
        self.source, self.order, self.device = source, order, torch.device(device)
        self.shape = torch.Size((len(order), *source.shape[1:]))
        self._dtype = torch.from_numpy(np.empty(0, source.dtype)).dtype
        self.min_in_memory = max(min_in_memory, MIN_IN_MEMORY)
        self.n_in_memory = max(
            self.min_in_memory, share_of_memory() // source.row_bytes
        )
        self._prefix = _Prefix(self, min(self.n_in_memory, len(order)))

    def to(self, device: torch.device | str) -> Stream:
        """The same samples, to be read to another device."""
        return Stream(self.source, self.order, device, self.min_in_memory)

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, rows: Any) -> Any:
        if isinstance(rows, slice):
            return self._slice(rows)
        index = np.asarray(rows)
        return self._read(self.order[index]) if index.ndim else self[index[None]][0]

    def _slice(self, rows):
        start, stop, step = rows.indices(len(self))
        end = max(start, stop)
        if end <= self._prefix.size:
            try:
                return self._prefix.first(end)[rows]
            except OUT_OF_MEMORY:
                self._prefix = _Prefix(self, 0)
        order = self.order[rows]
        if len(order) <= self.n_in_memory:
            return self._read(order)
        part = Stream(self.source, order, self.device, self.min_in_memory)
        # A slice from the start shares the kept samples; other slices keep none.
        is_prefix = (start, step) == (0, 1)
        part._prefix = self._prefix if is_prefix else _Prefix(part, 0)
        return part

    def _read(self, order):
        return self._fill(self._empty(len(order)), order)

    def _empty(self, n):
        shape = (n, *self.shape[1:])
        return torch.empty(shape, dtype=self._dtype, device=self.device)

    def _fill(self, out, order):
        size = max(1, PIECE_BYTES // self.source.row_bytes)
        for start in range(0, len(order), size):
            piece = slice(start, start + size)
            # Sorted, because files are read fastest from front to back.
            rows, places = np.unique(order[piece], return_inverse=True)
            out[piece] = torch.as_tensor(self.source[rows][places])
        return out


class _Prefix:
    """The first samples of a stream, each read once; a read at least doubles them."""

    def __init__(self, stream, size):
        self.stream, self.size, self.n = stream, size, 0

    @cached_property
    def kept(self):
        # Allocated in full, because pages that are never written to take no memory.
        return self.stream._empty(self.size)

    def first(self, n):
        if n > self.n:
            new = slice(self.n, min(self.size, max(n, 2 * self.n)))
            self.stream._fill(self.kept[new], self.stream.order[new])
            self.n = new.stop
        return self.kept[:n]
