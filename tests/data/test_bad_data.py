"""Data that cannot be read. Oracle: words that name the row and the remedy."""

from __future__ import annotations

import re

import numpy as np
import pytest
from torch.utils.data import IterableDataset

from sufficient import SampleSizeEstimator, sample_size_curve
from tests.data.kinds import N_COLUMNS, NAMES, SETTINGS, Items, Table, as_columns, asked
from tests.small import small_net, with_one


class Endless(IterableDataset):
    def __iter__(self):
        yield np.zeros(N_COLUMNS)


class EndlessColumns(Endless):
    column_names = NAMES


def ragged(X):
    rows = list(X)
    rows[123] = rows[123][:-1]
    return rows


BAD = {
    "NaN": (lambda X, y: (Items(with_one(X, np.nan, 123), y), None), "NaN.*row 123"),
    "infinity": (lambda X, y: (Items(with_one(X, -np.inf, 7), y), None), "row 7"),
    "too large": (lambda X, y: (Items(with_one(X, 1e300, 7), y), None), "row 7"),
    "missing": (
        lambda X, y: (Table({"x": [*X[:9, 0].tolist(), None, *X[10:, 0]]}), y),
        "NaN.*row 9",
    ),
    "ragged": (lambda X, y: (Items(ragged(X), y), None), r"Row 123 .*\(5,\).*Pad"),
    "ragged column": (lambda X, y: (Table({"x": ragged(X)}), y), "Row 123 .*Pad"),
    "text": (lambda X, y: (Items(y), y), "not numeric.*Encode"),
    "text column": (
        lambda X, y: (Table({"x": X[:, 0].tolist(), "z": y.tolist()}), y),
        "not numeric.*Encode",
    ),
    "objects": (
        lambda X, y: (Items([{"x": x} for x in X]), y),
        "unexpected keyword argument .x.",
    ),
    "triples": (lambda X, y: (Items(X, y, y), None), "3 parts.*return"),
    "one number": (lambda X, y: (Items(X[:, 0]), y), "1D array"),
    "short y": (lambda X, y: (Items(X), y[:-1]), "300 rows and y has 299"),
    "no y": (lambda X, y: (Items(X), None), "requires y to be passed"),
    "no target": (lambda X, y: (as_columns(0, X, y)[0], None), "name its column"),
    "unknown target": (lambda X, y: (as_columns(0, X, y)[0], "t"), "no column 't'"),
    "no columns": (
        lambda X, y: (Items(X), "tree"),
        "no column, since X has no columns",
    ),
    "only targets": (lambda X, y: (Table({"t": y}), "t"), "no columns besides 't'"),
    "no rows": (lambda X, y: (Items(X[:0]), y[:0]), "no rows"),
    "few rows": (lambda X, y: (Items(X[:3]), y[:3]), "minimum of 4"),
    "no order": (lambda X, y: (Endless(), y), "map-style"),
    "no order of columns": (lambda X, y: (EndlessColumns(), "tree"), "map-style"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("chunk_bytes", [100, 2**22])
def test_bad_data_are_refused_by_name(name, chunk_bytes, data, monkeypatch):
    monkeypatch.setattr("sufficient.data.row_source.CHUNK_BYTES", chunk_bytes)
    make, message = BAD[name]
    X, y = make(*data)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        asked(X, y)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        sample_size_curve(small_net(8), X, y, **SETTINGS)


def test_a_nan_in_a_mapped_file_is_found_and_nothing_is_set(tmp_path, data):
    path = tmp_path / "X.npy"
    np.save(path, with_one(data[0], np.nan, 299))
    est = SampleSizeEstimator(small_net(8), **SETTINGS)
    with pytest.raises(ValueError, match=re.escape("first in row 299")):
        est.fit(np.load(path, mmap_mode="r"), data[1])
    assert not hasattr(est, "n_features_in_")


def test_several_tables_are_refused(data):
    class Tables(dict):
        column_names: dict = {"train": ["x"], "test": ["x"]}  # noqa: RUF012

    with pytest.raises(ValueError, match="train, test"):
        asked(Tables(), data[1])
