"""Data of every kind. Oracle: the same numbers as plain arrays."""

from __future__ import annotations

import warnings
from contextlib import contextmanager

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sufficient.nets import default_net
from tests.estimator.nets import LABELS, NETS
from tests.same import assert_same_curves
from tests.small import small


class TestData:
    @pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
    def test_frames_give_the_answer_of_arrays_and_their_names(self, digits, frame):
        X, y = digits
        names = [f"pixel{i}" for i in range(X.shape[1])]
        table = frame({name: X[:, i] for i, name in enumerate(names)})
        series = {pd.DataFrame: pd.Series, pl.DataFrame: pl.Series}[frame]
        est = small().fit(table, series(y))
        assert_same_curves(est, small().fit(X, y))
        assert_array_equal(est.feature_names_in_, names)
        with warnings_of_torch_as_errors():
            predicted = est.predict(table)
        assert_array_equal(predicted, est.predict(X.astype(float)))
        with pytest.raises(ValueError, match="feature names"):
            est.predict(table[names[::-1]])

    @pytest.mark.parametrize("series", [pd.Series, pl.Series, list, pd.Categorical])
    def test_columns_of_words_are_labels(self, three_digits, series):
        X, codes = three_digits
        words = LABELS["strings"][codes]
        est = small().fit(X, series(words))
        assert_array_equal(est.classes_, LABELS["strings"])
        assert est.score(X, words) > 0.8

    @pytest.mark.parametrize("kind", LABELS)
    def test_any_labels_come_back_as_they_were(self, net, three_digits, kind):
        X, codes = three_digits
        labels = LABELS[kind]
        rows = codes < len(labels)
        X, y = X[rows], labels[codes[rows]]
        est = small(net).fit(X, y)
        assert_array_equal(est.classes_, labels)
        assert est.classes_.dtype == y.dtype
        assert est.predict(X).dtype == y.dtype
        assert est.score(X, y) > 0.8
        numbered = small(net).fit(X, codes[rows])
        assert_same_curves(est, numbered)

    def test_a_read_only_memory_map_is_read_only(self, digits, tmp_path):
        joblib.dump(digits, tmp_path / "digits.joblib")
        X, y = joblib.load(tmp_path / "digits.joblib", mmap_mode="r")
        assert isinstance(X, np.memmap)
        with warnings_of_torch_as_errors():
            est = small().fit(X, y)
            assert est.predict(X).shape == y.shape
        assert_array_equal(X, digits[0])
        assert_same_curves(est, small().fit(*digits))

    def test_the_data_are_not_written_to(self, digits):
        X, y = digits[0].copy(), digits[1].copy()
        small().fit(X, y).predict(X)
        assert_array_equal(X, digits[0])
        assert_array_equal(y, digits[1])

    def test_double_precision_data_give_the_same_answer(self, digits):
        X, y = digits
        assert_same_curves(small().fit(X.astype(float), y), small().fit(X, y))

    def test_images_may_be_flat_or_not(self, digits):
        X, y = digits
        images = X.reshape(-1, 1, 8, 8)
        flat, shaped = small(NETS["cnn"]).fit(X, y), small(NETS["cnn"]).fit(images, y)
        assert_same_curves(flat, shaped)
        assert_array_equal(flat.predict(X), shaped.predict(images))

    def test_image_shape_reaches_the_convolution(self, digits):
        X, y = digits
        net = clone(NETS["cnn"]).set_params(module__image_shape=(1, 4, 16))
        est = small(net).fit(X, y)
        assert est.estimator_.module_.image_shape == (1, 4, 16)
        guessed = small(default_net("cnn")).fit(X, y)
        assert guessed.estimator_.module_.image_shape == (1, 8, 8)

    def test_sorted_labels_are_taken_in_mixed(self, three_digits):
        X, y = three_digits
        order = np.argsort(y, kind="stable")
        sorted_, mixed = small().fit(X[order], y[order]), small().fit(X, y)
        first_batch = sorted_.train_indices_[: sorted_.batch_size_]
        assert set(y[order][first_batch]) == {0, 1, 2}
        assert set(y[order][sorted_.validation_indices_]) == {0, 1, 2}
        assert_allclose(sorted_.score_curve_, mixed.score_curve_, atol=0.2)
        assert (sorted_.verdict_ == "has not learnt") == (
            mixed.verdict_ == "has not learnt"
        )

    def test_every_class_is_in_every_early_training_set(self, digits):
        X, y = digits
        order = np.argsort(y, kind="stable")
        est = small(schedule=[1]).fit(X[order], y[order])
        # 20 samples of ten classes: nearly two of each.
        seen = y[order][est.train_indices_[: 2 * est.batch_size_]]
        assert set(seen) == set(range(10))


@contextmanager
def warnings_of_torch_as_errors():
    # Otherwise torch warns once in a process, and perhaps in another test.
    torch.set_warn_always(True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message=".*not writable")
            yield
    finally:
        torch.set_warn_always(False)
