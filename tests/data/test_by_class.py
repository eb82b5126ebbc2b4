"""Scores of classes, labels and bins. Oracle: scikit-learn's metrics."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import f1_score, mean_squared_error, r2_score, recall_score

from sufficient.data.by_class import class_counts, class_scores
from sufficient.data.tasks import Classification, MultiLabel, Regression

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_of_a_class_is_its_recall(dtype):
    y, predicted = RNG.integers(4, size=(2, 200))
    task = Classification(np.array(["a", "b", "c", "d"]))
    found = class_scores(task, y.astype(dtype), predicted)
    assert_allclose(found, recall_score(y, predicted, average=None))
    assert_array_equal(class_counts(task, y.astype(dtype)), np.bincount(y))


def test_of_a_class_without_samples_is_not_a_number():
    task = Classification(np.arange(3))
    found = class_scores(task, np.array([0, 0, 2]), np.array([0, 1, 1]))
    assert_array_equal(found, [0.5, np.nan, 0.0])
    assert_array_equal(class_counts(task, np.array([0, 0, 2])), [2, 0, 1])


def test_of_a_label_is_its_f1():
    rows = (RNG.random((200, 3)) < [0.5, 0.1, 0.8]).astype(np.float32)
    shares = 0.6 * rows + 0.4 * RNG.random((200, 3))
    shares[:40] = RNG.random((40, 3))
    found = class_scores(MultiLabel(3), rows, shares)
    assert_allclose(found, f1_score(rows, shares > 0.5, average=None))
    assert_array_equal(class_counts(MultiLabel(3), rows), rows.sum(axis=0))


def test_of_a_label_that_no_sample_has_is_not_a_number():
    rows = np.array([[1, 0, 1], [0, 0, 1]], dtype=np.float32)
    shares = np.array([[0.9, 0.9, 0.1], [0.1, 0.1, 0.1]])
    assert_array_equal(class_scores(MultiLabel(3), rows, shares), [1.0, np.nan, 0.0])


@pytest.mark.parametrize("standardise", [True, False])
def test_of_a_bin_is_its_squared_error_over_the_variance(standardise):
    y = RNG.gamma(2.0, 30.0, 300)
    guesses = y + RNG.normal(0, 1 + y / 5)
    task = Regression.of(y, standardise=standardise)
    encoded, predicted = task.encode(y), task.encode(guesses)
    found, bins = class_scores(task, encoded, predicted), pd.qcut(y, 4, labels=False)
    parts = [mean_squared_error(y[bins == b], guesses[bins == b]) for b in range(4)]
    assert_allclose(found, 1 - np.array(parts) / y.var(), rtol=1e-5)
    counts = class_counts(task, encoded)
    assert_array_equal(counts, np.bincount(bins))
    assert counts @ found / 300 == pytest.approx(r2_score(y, guesses), rel=1e-5)


def test_of_a_bin_that_is_not_held_out_is_not_a_number():
    task = Regression.of(np.arange(8.0))
    found = class_scores(task, task.encode(np.arange(2.0)), task.encode(np.arange(2.0)))
    assert_array_equal(found, [1, np.nan, np.nan, np.nan])
    assert np.isnan(class_scores(task, np.zeros((1, 1)), np.zeros(1))).all()


def test_of_several_numbers_there_are_none():
    y = RNG.standard_normal((20, 2))
    assert class_scores(Regression.of(y), y, y).shape == (0,)
    assert class_counts(Regression.of(y), y).shape == (0,)
