"""Samples of a source in an order, as a tensor that is larger than memory."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import torch
from sklearn import get_config

from sufficient.data.sources import RowSource
from sufficient.typing import Rows

__all__ = ["Stream", "as_rows", "rows_of", "share_of_memory"]

SHARE = 1 / 4
PIECE_BYTES = 2**25
# What the library takes at a time, however large a sample is.
LEAST = {"cpu": 2**11, "cuda": 2**14}


def share_of_memory() -> int:
    """Bytes for each of the three things that grow with the data.

    They are the samples seen, the held-out ones, and what is prepared for products.
    scikit-learn's `working_memory` (1024 MiB unless set) is four times as large.
    """
    return int(SHARE * get_config()["working_memory"] * 2**20)


def rows_of(
    X: np.ndarray | RowSource, order: np.ndarray, least: int = 0
) -> np.ndarray | Stream:
    """Samples in an order: at once from an array, on demand from a source."""
    return X[order] if isinstance(X, np.ndarray) else Stream(X, order, least=least)


def as_rows(X: Any) -> Rows:
    """Samples as a tensor, unless they are a stream."""
    if isinstance(X, Stream):
        return X
    return torch.as_tensor(X)


class Stream:
    """Stands where a tensor of samples does; parts of it are tensors.

    Samples picked by number are read. So are slices, or they are streams themselves
    where they would not fit in their share of memory. The first samples that do are
    kept once they were read.

    Parameters
    ----------
    source : RowSource
        Where the samples are.
    order : ndarray of shape (n,)
        Rows of the source.
    device : torch.device or str, default="cpu"
        Where what is read goes.
    least : int, default=0
        Samples that are read in any case.
    """

    def __init__(
        self,
        source: RowSource,
        order: np.ndarray,
        device: torch.device | str = "cpu",
        least: int = 0,
    ) -> None:
        self.source, self.order, self.device = source, order, torch.device(device)
        self.shape = torch.Size((len(order), *source.shape[1:]))
        self.least = max(least, LEAST.get(self.device.type, LEAST["cuda"]))
        self.most = max(self.least, share_of_memory() // source.row_bytes)
        self._prefix = _Prefix(self, min(self.most, len(order)))

    def to(self, device: torch.device | str) -> Stream:
        """The same, read to another device."""
        return Stream(self.source, self.order, device, self.least)

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
        if end <= self._prefix.most:
            return self._prefix.first(end)[rows]
        order = self.order[rows]
        if len(order) <= self.most:
            return self._read(order)
        part = Stream(self.source, order, self.device, self.least)
        # Either of the two keeps the first samples, not both.
        is_prefix = (start, step) == (0, 1)
        part._prefix = self._prefix if is_prefix else _Prefix(part, 0)
        return part

    def _read(self, order):
        return self._fill(self._empty(len(order)), order)

    def _empty(self, n):
        shape = (n, *self.shape[1:])
        return torch.empty(shape, dtype=torch.float32, device=self.device)

    def _fill(self, out, order):
        size = max(1, PIECE_BYTES // self.source.row_bytes)
        for start in range(0, len(order), size):
            piece = slice(start, start + size)
            # Files are read from front to back.
            rows, places = np.unique(order[piece], return_inverse=True)
            out[piece] = torch.as_tensor(self.source[rows][places])
        return out


class _Prefix:
    """The first samples of a stream, each read once; twice as many at a time."""

    def __init__(self, stream, most):
        self.stream, self.most, self.n = stream, most, 0

    @cached_property
    def kept(self):
        # Pages that are never written to take no memory.
        return self.stream._empty(self.most)

    def first(self, n):
        if n > self.n:
            new = slice(self.n, min(self.most, max(n, 2 * self.n)))
            self.stream._fill(self.kept[new], self.stream.order[new])
            self.n = new.stop
        return self.kept[:n]
