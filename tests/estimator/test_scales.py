"""Columns of different scale. Oracles: one warning, or none."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sufficient import SampleSizeEstimator
from sufficient.data.scale import ratio_of_scales, warn_of_scales


@pytest.fixture(scope="module")
def unscaled():
    X, y = make_classification(200, 6, random_state=0)
    X[:, 2] *= 1e4
    return X, y


def quick(**how):
    return SampleSizeEstimator(
        training="update", update_epochs=1, n_directions=1, random_state=0, **how
    )


def told(function, *arguments):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function(*arguments)
    return [str(w.message) for w in caught if "differ in scale" in str(w.message)]


def test_unscaled_columns_are_told_once_with_the_remedy(unscaled):
    (message,) = told(quick().fit, *unscaled)
    assert "make_pipeline(StandardScaler(), est)" in message


def test_scaled_columns_are_fine(unscaled):
    assert not told(make_pipeline(StandardScaler(), quick()).fit, *unscaled)


def test_images_and_tokens_are_fine():
    X = torch.as_tensor(np.random.default_rng(0).random((50, 1, 4, 4)) * 255)
    X[:, :, 0, 0] *= 1e6
    assert not told(warn_of_scales, X)
    assert told(warn_of_scales, X.flatten(1))
    tokens = np.random.default_rng(0).zipf(1.5, size=(200, 12)).clip(max=999)
    tokens[:, 8:] = np.where(tokens[:, 8:] > 3, 0, tokens[:, 8:])
    assert not told(warn_of_scales, torch.as_tensor(tokens, dtype=torch.float32))


def test_pixels_that_are_mostly_dark_do_not_count():
    X = np.random.default_rng(0).random((50, 16)) * 255
    X[:, 0] = 0
    X[3, 0] = 1e-9
    assert ratio_of_scales(X) < 2
    X[:, 1] *= 1e-4
    expected = X[:, 1:].std(axis=0)
    assert ratio_of_scales(X) == pytest.approx(expected.max() / expected.min())
