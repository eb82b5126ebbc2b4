"""Scores of classes and labels. Oracle: scikit-learn's metrics."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import f1_score, recall_score

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


def test_of_numbers_there_are_none():
    y = RNG.standard_normal((20, 1))
    assert class_scores(Regression.of(y), y, y).shape == (0,)
    assert class_counts(Regression.of(y), y).shape == (0,)
