"""Arrow and Parquet files as named columns that are read a few rows at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np

__all__ = ["ArrowColumns", "arrow_table"]

BATCH = 2**14


class ArrowColumns:
    """A table in a memory-mapped file; rows are indexed by number.

    Needs `pyarrow`. Rows are read from the file only when they are indexed, so the
    table may be larger than memory.

    Parameters
    ----------
    table : str, path-like or pyarrow.Table
        An Arrow file (file or stream format), a Parquet file, or a table. Parquet is
        compressed and cannot be mapped. It is unpacked, batch by batch, into a
        temporary Arrow file that is removed with this object.
    folder : str, path-like or None, default=None
        Where to unpack a Parquet file; None uses the system's temporary folder.

    Attributes
    ----------
    column_names : list of str
        Names of the columns.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from sufficient.arrow import ArrowColumns
    >>> table = ArrowColumns(pa.table({"width": [1.0, 2.0, 3.0], "label": [0, 1, 1]}))
    >>> table[[2, 0]]["width"].tolist()
    [3.0, 1.0]
    """

    def __init__(
        self, table: Any, folder: str | os.PathLike[str] | None = None
    ) -> None:
        self._given = table, folder
        if isinstance(table, (str, os.PathLike)):
            path = Path(table)
            if _is_parquet(path):
                self._unpacked = TemporaryDirectory(dir=folder)
                path = _unpacked(path, Path(self._unpacked.name) / "table.arrow")
            table = _mapped(path)
        self._batches = table.to_batches()
        self._starts = np.cumsum([0, *map(len, self._batches)])
        self.column_names = list(table.column_names)

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickled by its arguments: another process maps the file again.
        return type(self), self._given

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, rows: slice | Sequence[int]) -> dict[str, np.ndarray]:
        wanted = _row_numbers(rows, len(self))
        ascending, places = np.unique(wanted, return_inverse=True)
        parts = self._of_batches(ascending)
        return {
            name: _joined([part[i] for part in parts])[places]
            for i, name in enumerate(self.column_names)
        }

    def _of_batches(self, rows: np.ndarray) -> list[list[np.ndarray]]:
        """Columns of the given rows, in ascending order, batch by batch."""
        edges = np.searchsorted(rows, self._starts)
        wanted = np.flatnonzero(np.diff(edges)).tolist() if len(rows) else [0]
        return [
            _columns(self._batches[i], rows[edges[i] : edges[i + 1]] - self._starts[i])
            for i in wanted
        ]


def arrow_table(path: Path) -> Any:
    """The `pyarrow.Table` in an Arrow file (file or stream format) or a Parquet file.

    Raises
    ------
    ImportError
        If pyarrow is not installed; the message says how to install it.
    """
    _pyarrow()
    if not _is_parquet(path):
        return _mapped(path)
    from pyarrow import parquet

    return parquet.read_table(path)


def _row_numbers(rows: slice | Sequence[int], n: int) -> np.ndarray:
    if isinstance(rows, slice):
        return np.arange(*rows.indices(n))
    return np.asarray(rows, dtype=int)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _unpacked(path: Path, target: Path) -> Path:
    pa = _pyarrow()
    from pyarrow import parquet as pq

    with (
        pq.ParquetFile(path) as file,
        pa.OSFile(str(target), "wb") as sink,
        pa.ipc.new_file(sink, file.schema_arrow) as writer,
    ):
        for batch in file.iter_batches(batch_size=BATCH):
            writer.write_batch(batch)
    return target


def _mapped(path: Path) -> Any:
    pa = _pyarrow()
    source = pa.memory_map(str(path))
    try:
        return pa.ipc.open_file(source).read_all()
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source).read_all()


def _columns(batch: Any, rows: np.ndarray) -> list[np.ndarray]:
    pa = _pyarrow()
    taken = (column.take(pa.array(rows)) for column in batch.columns)
    return [_as_numpy(column) for column in taken]


def _as_numpy(column: Any) -> np.ndarray:
    pa = _pyarrow()
    if pa.types.is_fixed_size_list(column.type):
        return _as_numpy(column.flatten()).reshape(len(column), column.type.list_size)
    return column.to_numpy(zero_copy_only=False)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _pyarrow() -> ModuleType:
    try:
        import pyarrow
    except ImportError as error:
        raise ImportError(
            "Arrow and Parquet files need pyarrow, which is not installed. "
            'Run: pip install "sufficient-data[arrow]".'
        ) from error
    return pyarrow
