"""Arrow and Parquet. Oracle: the same data in memory."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.data.kinds import N_COLUMNS, NAMES, N, asked, assert_same_answer


@pytest.fixture(params=["file", "stream", "parquet", "table"])
def arrow(request, data, tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    from sufficient.arrow import ArrowColumns

    X, y = data
    columns = {name: pa.array(X[:, i]) for i, name in enumerate(NAMES)}
    table = pa.table({**columns, "tree": y})
    path = tmp_path / "table"
    if request.param == "table":
        return table
    if request.param == "parquet":
        pq.write_table(table, path, row_group_size=70)
        return ArrowColumns(path, folder=tmp_path)
    new = {"file": pa.ipc.new_file, "stream": pa.ipc.new_stream}[request.param]
    with pa.OSFile(str(path), "wb") as sink, new(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=70)
    return ArrowColumns(str(path))


def test_arrow(arrow, in_memory, data):
    found = asked(arrow, "tree")
    assert_same_answer(found, in_memory)
    assert_array_equal(found.predict(arrow), in_memory.predict(data[0]))


def test_arrow_vectors_any_order_and_no_rows(tmp_path, data):
    pa = pytest.importorskip("pyarrow")
    from sufficient.arrow import ArrowColumns

    X, _ = data
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel()), N_COLUMNS)
    table = ArrowColumns(pa.table({"x": vectors, "i": np.arange(N)}))
    assert len(table) == N
    rows = [7, 2, 7, 299]
    assert_array_equal(table[rows]["x"], X[rows])
    assert_array_equal(table[10:20:3]["i"], np.arange(10, 20, 3))
    assert table[5:5]["x"].shape == (0, N_COLUMNS)


def test_an_unpacked_parquet_file_goes_with_its_table(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    from sufficient.arrow import ArrowColumns

    pq.write_table(pa.table({"x": [1.0, 2.0]}), tmp_path / "x.parquet")
    folder = tmp_path / "unpacked"
    folder.mkdir()
    table = ArrowColumns(tmp_path / "x.parquet", folder=folder)
    assert len(list(folder.iterdir())) == 1
    del table
    assert not list(folder.iterdir())
