"""Data that do not fit in memory. Oracles: the same data where they do, and counts."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn import config_context

from sufficient import SampleSizeEstimator
from sufficient.data.sources import ArrayRows, source_of
from sufficient.data.stream import MIN_IN_MEMORY, Stream
from tests.data.kinds import SETTINGS, Items, N, asked, assert_same_answer
from tests.small import small_net


@pytest.mark.parametrize("training", ["update", "restart", "full"])
def test_the_same_numbers_where_nothing_fits_in_memory(training, mapped, monkeypatch):
    """Every pass reads the file anew, and nothing is kept between products."""
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
    net = small_net(8, max_epochs=2)
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
    first = est.train_indices_[:MIN_IN_MEMORY]
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
