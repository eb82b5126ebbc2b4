"""Data read on demand give the numbers of the same data in memory, bit for bit."""

from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal
from sklearn import config_context
from sklearn.datasets import make_classification, make_regression
from skorch import NeuralNetClassifier
from skorch.helper import SliceDataset
from torch import nn
from torch.utils.data import Dataset, IterableDataset, Subset, TensorDataset

from sufficient import LandscapeDisplay, SampleSizeEstimator, sample_size_curve
from sufficient.data.sources import ArrayRows, source_of
from sufficient.data.stream import MIN_IN_MEMORY, Stream
from sufficient.growing.order import ordered
from sufficient.nets import default_net
from sufficient.reproducibility.fingerprint import digest

N, N_COLUMNS = 300, 6
NAMES = [f"column {i}" for i in range(N_COLUMNS)]
LABELS = np.array(["ash", "birch", "cedar"])
SETTINGS = {
    "n_directions": 2,
    "n_monte_carlo": 8,
    "schedule": [2, 5, 9],
    "batch_size": 16,
    "random_state": 0,
}


class Table:
    """Named columns in the manner of Hugging Face `datasets`: lists of numbers."""

    def __init__(self, columns):
        self.columns, self.most_read = columns, 0
        self.column_names = list(columns)

    def __len__(self):
        return len(next(iter(self.columns.values())))

    def __getitem__(self, rows):
        found = {name: _picked(column, rows) for name, column in self.columns.items()}
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


class Endless(IterableDataset):
    def __iter__(self):
        yield np.zeros(N_COLUMNS)


class EndlessColumns(Endless):
    column_names = NAMES


def _picked(column, rows):
    if isinstance(rows, slice):
        return list(column[rows])
    return [column[row] for row in rows]


def small_net(**params):
    return default_net("mlp", module__hidden_sizes=(8,), lr=0.01, **params)


def asked(X, y, net=None, **changes):
    net = small_net() if net is None else net
    return SampleSizeEstimator(net, **{**SETTINGS, **changes}).fit(X, y)


def assert_same_answer(found, expected):
    for name in set(expected.curves_) - {"measure_seconds"}:
        assert_array_equal(found.curves_[name], expected.curves_[name], err_msg=name)
    assert_array_equal(found.eigenvalues_, expected.eigenvalues_)
    assert_array_equal(found.train_indices_, expected.train_indices_)
    weights = (est.estimator_.module_.state_dict() for est in (found, expected))
    for mine, theirs in zip(*(state.values() for state in weights), strict=True):
        assert torch.equal(mine, theirs)


@pytest.fixture(scope="module")
def data():
    X, codes = make_classification(
        N, N_COLUMNS, n_informative=4, n_classes=3, random_state=0
    )
    return X, LABELS[codes]


@pytest.fixture(scope="module")
def in_memory(data):
    return asked(*data)


@pytest.fixture(scope="module")
def mapped(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("mapped") / "X.npy"
    np.save(path, data[0])
    return np.load(path, mmap_mode="r")


def as_pairs(mapped, X, y):
    return Items(X, y), None


def as_objects(mapped, X, y):
    return Items(torch.as_tensor(X)), y


def as_tensors(mapped, X, y):
    codes = torch.as_tensor(np.searchsorted(LABELS, y))
    return TensorDataset(torch.as_tensor(X), codes), y


def as_subset(mapped, X, y):
    twice = Items(np.concatenate([X, X]), np.concatenate([y, y]))
    return Subset(twice, np.arange(N, 2 * N).tolist()), None


def as_slices(mapped, X, y):
    pairs = Items(X.astype(np.float32), y)
    return SliceDataset(pairs, 0), SliceDataset(pairs, 1)


def as_columns(mapped, X, y):
    columns = dict(zip(NAMES, X.T.tolist(), strict=True))
    return Table({**columns, "tree": y.tolist()}), "tree"


def as_one_column(mapped, X, y):
    return Table({"x": X.tolist()}), y


def as_view(mapped, X, y):
    return mapped[:], y.tolist()


def as_plain_view(mapped, X, y):
    return np.asarray(mapped)[np.newaxis][0], pd.Series(y)


KINDS = [
    as_view,
    as_plain_view,
    as_pairs,
    as_objects,
    as_tensors,
    as_subset,
    as_slices,
    as_columns,
    as_one_column,
]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_numbers_as_in_memory(kind, data, mapped, in_memory):
    X, y = kind(mapped, *data)
    found = asked(X, y)
    assert_same_answer(found, in_memory)
    assert_array_equal(found.predict(X), in_memory.predict(data[0]))
    assert_array_equal(found.predict_proba(X), in_memory.predict_proba(data[0]))
    assert found.score(X, y) == in_memory.score(*data)


@pytest.mark.parametrize("training", ["update", "restart", "full"])
def test_the_same_numbers_where_nothing_fits_in_memory(training, mapped, monkeypatch):
    """Every pass reads the file anew, and nothing is kept between products."""
    monkeypatch.setitem(MIN_IN_MEMORY, "cpu", 2048)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3500, 5), dtype=np.float32)
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    parameters = {
        **SETTINGS,
        "training": training,
        "batch_size": 500,
        "schedule": [3, 5],
        "update_epochs": 1,
    }
    net = small_net(max_epochs=2)
    expected = SampleSizeEstimator(net, **parameters).fit(X, y)
    streams = []
    monkeypatch.setattr(Stream, "_slice", _recorded(Stream._slice, streams))
    with config_context(working_memory=1e-6):
        found = SampleSizeEstimator(net, **parameters).fit(Items(X, y), None)
    assert_same_answer(found, expected)
    assert max(len(one) for one in streams) >= 2500


def test_a_scorer_is_given_the_first_that_fit():
    X = np.random.default_rng(0).standard_normal((3000, 4), dtype=np.float32)
    y = (X[:, 0] > 0).astype(int)
    parameters = {"batch_size": 575, "schedule": [4], "scoring": "accuracy"}
    with config_context(working_memory=1e-6):
        est = asked(Items(X, y), None, **{**parameters, "validation_fraction": 0.2})
    first = est.train_indices_[: MIN_IN_MEMORY["cpu"]]
    assert est.curves_["train_score"][-1] == est.score(X[first], y[first])


def _recorded(function, streams):
    def recorded(self, rows):
        found = function(self, rows)
        if isinstance(found, Stream):
            streams.append(found)
        return found

    return recorded


def test_what_does_not_fit_is_a_stream_that_reads_its_slices():
    X = np.arange(6000.0, dtype=np.float32).reshape(3000, 2)
    order = np.random.default_rng(0).permutation(3000)
    with config_context(working_memory=1e-6):
        stream = Stream(ArrayRows(X), order)
        prefix, tail = stream[:2500], stream[200:2900]
    assert isinstance(prefix, Stream)
    assert isinstance(tail, Stream)
    picked = torch.tensor([2499, 0, 7, 7])
    for found, rows in [
        (stream[:2000], order[:2000]),
        (stream[1000:2048], order[1000:2048]),
        (stream[2900:], order[2900:]),
        (prefix[2400:2500], order[2400:2500]),
        (prefix[picked], order[[2499, 0, 7, 7]]),
        (prefix[::5], order[:2500:5]),
        (tail[:3], order[200:203]),
        (tail[5], order[205]),
        (stream[7:7], order[:0]),
    ]:
        assert_array_equal(found.numpy(), X[rows])


def test_a_sequence_of_slices_reads_every_sample_once(data, monkeypatch):
    source = source_of(Items(*data))
    rows_read = []
    read = source._read
    source._read = lambda rows: rows_read.extend(rows) or read(rows)
    stream = Stream(source, np.arange(N)[::-1])
    for n in (10, 50, 20, 200, N):
        assert len(stream[:n]) == n
    assert sorted(rows_read) == list(range(N))


def test_regression(data, mapped):
    X, y = make_regression(N, N_COLUMNS, n_targets=2, random_state=0)
    net = default_net("mlp", regression=True, module__hidden_sizes=(8,))
    expected = asked(X, y, net)
    found = asked(Items(X, y), None, net)
    assert_same_answer(found, expected)
    assert_array_equal(found.predict(Items(X)), expected.predict(X))
    assert found.score(Items(X, y), None) == expected.score(X, y)


def test_images(data):
    X = np.random.default_rng(0).integers(0, 256, (N, 1, 8, 8), dtype=np.uint8)
    net = NeuralNetClassifier(
        Convolution, criterion=nn.CrossEntropyLoss, lr=1e-4, verbose=0
    )
    expected = asked(X, data[1], net)
    assert_same_answer(asked(Items(X, data[1]), None, net), expected)


class Convolution(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(72, 3))


def test_the_functions(data, mapped, in_memory):
    curve = sample_size_curve(small_net(), mapped, data[1], **SETTINGS)
    assert_array_equal(curve.eigenvalues, in_memory.eigenvalues_)
    table, target = as_columns(None, *data)
    curve = sample_size_curve(small_net(), table, target, **SETTINGS)
    assert_array_equal(curve.eigenvalues, in_memory.eigenvalues_)


def test_labels_that_arrive(data, mapped):
    X, y = data
    expected, found = (SampleSizeEstimator(small_net(), **SETTINGS) for _ in range(2))
    for rows in (slice(0, 80), slice(80, 160), slice(160, 240)):
        expected.partial_fit(X[rows], y[rows], classes=LABELS)
        found.partial_fit(mapped[rows], y[rows], classes=LABELS)
    assert_array_equal(found.eigenvalues_, expected.eigenvalues_)


def test_the_landscape(data, mapped, in_memory):
    expected = LandscapeDisplay.from_estimator(in_memory, *data, n_grid=3)
    found = LandscapeDisplay.from_estimator(in_memory, mapped, data[1], n_grid=3)
    assert_array_equal(found.losses, expected.losses)


def test_a_checkpoint_knows_the_data_in_either_form(data, mapped, tmp_path, in_memory):
    X = np.array(data[0], dtype=np.float32)
    assert digest(ArrayRows(mapped)) == digest(X)
    begun = asked(X, data[1], checkpoint=tmp_path, schedule=[2, 5, 9])
    assert_same_answer(asked(mapped, data[1], checkpoint=tmp_path), begun)
    with pytest.raises(ValueError, match="X differs"):
        asked(Items(X + 1, data[1]), None, checkpoint=tmp_path)


@pytest.mark.slow
def test_another_process_is_given_the_file(mapped, data, in_memory):
    (found,) = Parallel(2)(delayed(asked)(mapped, data[1]) for _ in range(1))
    assert_array_equal(found.eigenvalues_, in_memory.eigenvalues_)


def test_columns_have_names(data, tmp_path):
    table, target = as_columns(None, *data)
    est = asked(table, target)
    assert est.feature_names_in_.tolist() == NAMES
    frame = pd.DataFrame(data[0], columns=NAMES)
    expected = est.predict(frame)
    assert_array_equal(asked(frame, data[1]).predict(table), expected)
    shuffled = Table({name: table.columns[name] for name in reversed(list(NAMES))})
    assert_array_equal(est.predict(shuffled), expected)
    est.save(tmp_path)
    loaded = SampleSizeEstimator.load(tmp_path, estimator=small_net())
    assert_array_equal(loaded.predict(shuffled), expected)
    del shuffled.columns[NAMES[2]]
    shuffled.column_names.remove(NAMES[2])
    with pytest.raises(ValueError, match="X has no column 'column 2'"):
        est.predict(shuffled)


def test_a_table_is_read_in_chunks(data, monkeypatch):
    monkeypatch.setattr("sufficient.data.sources.CHUNK_BYTES", 50 * 4 * N_COLUMNS)
    table, target = as_columns(None, *data)
    asked(table, target)
    assert table.most_read == 50


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


@pytest.mark.parametrize("n, held_out", [(5000, 1000), (100_000, 10_000)])
def test_up_to_100_000_a_tenth_is_held_out_as_ever(n, held_out):
    assert _n_held_out(n) == held_out


def test_of_very_many_10_000_are_held_out():
    assert _n_held_out(400_000) == 10_000
    assert _n_held_out(400_000, validation_fraction=0.1) == 40_000


def _n_held_out(n, **changes):
    rules = {"stratify": False, "batch_size": 64, "validation_fraction": "auto"}
    growth = ordered(np.zeros(n), **{**rules, **changes}, rng=np.random.RandomState(0))
    return len(growth.validation_indices)


def with_one(X, row, value):
    changed = np.array(X)
    changed[row, 2] = value
    return changed


def ragged(X):
    rows = list(X)
    rows[123] = rows[123][:-1]
    return rows


BAD = {
    "NaN": (lambda X, y: (Items(with_one(X, 123, np.nan), y), None), "NaN.*row 123"),
    "infinity": (lambda X, y: (Items(with_one(X, 7, -np.inf), y), None), "row 7"),
    "too large": (lambda X, y: (Items(with_one(X, 7, 1e300), y), None), "row 7"),
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
        "neither a sample nor a pair.*dict",
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
    monkeypatch.setattr("sufficient.data.sources.CHUNK_BYTES", chunk_bytes)
    make, message = BAD[name]
    X, y = make(*data)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        asked(X, y)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        sample_size_curve(small_net(), X, y, **SETTINGS)


def test_a_nan_in_a_mapped_file_is_found_and_nothing_is_set(tmp_path, data):
    path = tmp_path / "X.npy"
    np.save(path, with_one(data[0], 299, np.nan))
    est = SampleSizeEstimator(small_net(), **SETTINGS)
    with pytest.raises(ValueError, match=re.escape("first in row 299")):
        est.fit(np.load(path, mmap_mode="r"), data[1])
    assert not hasattr(est, "n_features_in_")


def test_several_tables_are_refused(data):
    class Tables(dict):
        column_names: dict = {"train": ["x"], "test": ["x"]}  # noqa: RUF012

    with pytest.raises(ValueError, match="train, test"):
        asked(Tables(), data[1])


def test_a_mapped_file_is_never_copied_whole(tmp_path):
    """Numpy's memory, as Python counts it, stays far below the size of the file."""
    X = np.memmap(tmp_path / "X", np.float32, "w+", shape=(200_000, 100))
    X[:, 0] = np.random.default_rng(0).standard_normal(len(X))
    y = (X[:, 0] > 0).astype(np.int8)
    tracemalloc.start()
    try:
        asked(X, y, schedule=[2]).predict(X)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.75 * X.nbytes
