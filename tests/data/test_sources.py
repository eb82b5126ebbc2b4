"""Data read on demand. Oracle: the numbers of the same data in memory, bit for bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal
from sklearn.datasets import make_regression
from skorch import NeuralNetClassifier
from skorch.helper import SliceDataset
from torch import nn
from torch.utils.data import Subset, TensorDataset

from sufficient import LandscapeDisplay, SampleSizeEstimator, sample_size_curve
from sufficient.data.sources import ArrayRows
from sufficient.nets import default_net
from sufficient.reproducibility.fingerprint import digest
from tests.data.kinds import (
    LABELS,
    N_COLUMNS,
    NAMES,
    SETTINGS,
    Items,
    N,
    Table,
    as_columns,
    asked,
    assert_same_answer,
)
from tests.small import Convolution, small_net


def as_pairs(mapped, X, y):
    return Items(X, y), None


def as_samples(mapped, X, y):
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
    as_samples,
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
        Convolution,
        module__outputs=3,
        criterion=nn.CrossEntropyLoss,
        lr=1e-4,
        verbose=0,
    )
    expected = asked(X, data[1], net)
    assert_same_answer(asked(Items(X, data[1]), None, net), expected)


def test_the_functions(data, mapped, in_memory):
    curve = sample_size_curve(small_net(8), mapped, data[1], **SETTINGS)
    assert_array_equal(curve.eigenvalues, in_memory.eigenvalues_)
    table, target = as_columns(None, *data)
    curve = sample_size_curve(small_net(8), table, target, **SETTINGS)
    assert_array_equal(curve.eigenvalues, in_memory.eigenvalues_)


def test_labels_that_arrive(data, mapped):
    X, y = data
    expected, found = (SampleSizeEstimator(small_net(8), **SETTINGS) for _ in range(2))
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
    loaded = SampleSizeEstimator.load(tmp_path, estimator=small_net(8))
    assert_array_equal(loaded.predict(shuffled), expected)
    del shuffled.columns[NAMES[2]]
    shuffled.column_names.remove(NAMES[2])
    with pytest.raises(ValueError, match="X has no column 'column 2'"):
        est.predict(shuffled)


def test_a_table_is_read_in_chunks(data, monkeypatch):
    monkeypatch.setattr("sufficient.data.row_source.CHUNK_BYTES", 50 * 4 * N_COLUMNS)
    table, target = as_columns(None, *data)
    asked(table, target)
    assert table.most_read == 50
