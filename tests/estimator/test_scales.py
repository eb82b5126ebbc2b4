"""Columns of different scale. Oracles: fits to scaled columns; a warning, or none."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_classification, make_regression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch import NeuralNetClassifier
from torch import nn

from sufficient import MLP, ConvNet, SampleSizeEstimator
from sufficient.curvature import top_eigenpairs
from sufficient.data.scale import ratio_of_scales, warn_of_scales
from sufficient.inputs import Standardise
from sufficient.nets import default_net
from sufficient.training import optimum
from tests.same import assert_same_curves
from tests.small import small


@pytest.fixture(scope="module")
def unscaled():
    X, y = make_classification(200, 6, random_state=0)
    X[:, 2] *= 1e4
    return X, y


@pytest.fixture(scope="module")
def own_net():
    how = {"criterion": nn.CrossEntropyLoss, "optimizer": torch.optim.Adam}
    return NeuralNetClassifier(MLP, lr=1e-3, verbose=0, **how)


def quick(net=None, **how):
    return SampleSizeEstimator(
        net, training="update", update_epochs=1, n_directions=1, random_state=0, **how
    )


COLUMN = np.arange(64)
RESCALED = {
    "to [0, 16]": lambda X: 8 * X + 8,
    "to [0, 255]": lambda X: 127.5 * (X + 1),
    "one column": lambda X: X * np.where(COLUMN == 20, 1e4, 1),
}
MODULES = {
    "mlp": partial(MLP, 64, 10, (8,), standardise=True),
    "cnn": partial(ConvNet, 64, 10, channels=(2, 3), standardise=True),
}
# Where the landscape counts as stable at once, so that there is an n*.
STABLE = {"tol": 1e3, "patience": 1, "schedule": [2, 3, 4, 5]}
# Powers of two leave nothing to round.
EXACTLY = {
    "mlp": lambda X: X * 2.0 ** (COLUMN % 40 - 20),
    "cnn": lambda X: 256 * X,
}


@pytest.mark.parametrize("change", RESCALED)
@pytest.mark.parametrize("kind", MODULES)
def test_the_hessian_does_not_depend_on_the_unit(digits, kind, change):
    if (kind, change) == ("cnn", "one column"):
        pytest.skip("Of an image, only a whole channel can be rescaled.")
    X, y = digits

    def eigenvalues(X):
        torch.manual_seed(0)
        net, X = MODULES[kind](), torch.as_tensor(X, dtype=torch.float32)
        (layer,) = (part for part in net.modules() if isinstance(part, Standardise))
        layer.fit(X)
        how = {"n_directions": 5, "tol": 1e-5}
        return top_eigenpairs(net, X, torch.as_tensor(y), **how).eigenvalues

    assert_allclose(eigenvalues(RESCALED[change](X)), eigenvalues(X), rtol=1e-4)


@pytest.mark.parametrize("training", ["converged", "update", "full"])
@pytest.mark.parametrize("kind", EXACTLY)
def test_the_answer_does_not_depend_on_the_unit(digits, kind, training, monkeypatch):
    for name, value in {"MOST_STEPS": 128, "MOST_EPOCHS": 0}.items():
        monkeypatch.setattr(optimum, name, value)
    X, y = digits
    widths = {"mlp": {"hidden_sizes": (4,)}, "cnn": {"channels": (2, 2)}}[kind]
    narrow = {f"module__{name}": width for name, width in widths.items()}
    net = default_net(kind, max_epochs=2, **narrow)
    est, other = (small(net, training=training, **STABLE) for _ in range(2))
    rescaled = EXACTLY[kind](X)
    assert_same_curves(est.fit(X, y), other.fit(rescaled, y))
    assert_array_equal(est.eigenvalues_, other.eigenvalues_)
    assert est.n_samples_star_ == other.n_samples_star_ is not None
    assert_array_equal(est.predict(X), other.predict(rescaled))


def test_rounding_hardly_moves_the_answer(digits):
    X, y = digits
    est, other = (small(**STABLE) for _ in range(2))
    est.fit(X, y)
    other.fit(RESCALED["to [0, 255]"](X), y)
    assert_allclose(est.eigenvalues_, other.eigenvalues_, rtol=0.01)
    assert est.n_samples_star_ == other.n_samples_star_ is not None


def test_a_regression_does_not_depend_on_the_unit():
    X, y = make_regression(120, 4, noise=1.0, random_state=0)
    est, other = (quick(default_net(regression=True)) for _ in range(2))
    est.fit(X, y)
    other.fit(X * [1, 1e5, 1e-6, 30] + [0, 7, 1e-6, -90], 1e3 * y - 5)
    assert_allclose(est.eigenvalues_, other.eigenvalues_, rtol=0.01)
    assert_allclose(est.score_curve_, other.score_curve_, atol=0.01)


def test_the_statistics_are_those_of_the_training_part(unscaled):
    X, y = unscaled
    est = quick().fit(X, y)
    inputs = est.estimator_.module_.inputs
    scaler = StandardScaler().fit(X[est.train_indices_].astype(np.float32))
    assert_allclose(inputs.mean[:, 0], scaler.mean_, rtol=1e-5)
    assert_allclose(inputs.factor[:, 0], 1 / scaler.scale_, rtol=1e-5)


def test_a_session_keeps_the_statistics_of_its_first_batch(unscaled):
    X, y = unscaled
    est = quick().partial_fit(X[:80], y[:80], classes=[0, 1])
    first = est.estimator_.module_.inputs.factor.clone()
    assert 0.5 < float(first[2] * X[:80, 2].std()) < 2
    est.partial_fit(100 * X[80:], y[80:])
    assert torch.equal(est.estimator_.module_.inputs.factor, first)


@pytest.mark.filterwarnings("ignore:The columns of X differ")
def test_a_net_of_the_user_gets_the_samples_as_they_are(unscaled, own_net):
    est = quick(own_net).fit(*unscaled)
    assert isinstance(est.estimator_.module_.inputs, nn.Identity)


def told(function, *arguments):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function(*arguments)
    return [str(w.message) for w in caught if "differ in scale" in str(w.message)]


def test_unscaled_columns_are_told_once_with_the_remedy(unscaled, own_net):
    (message,) = told(quick(own_net).fit, *unscaled)
    assert "make_pipeline(StandardScaler(), est)" in message


def test_scaled_columns_and_default_nets_are_fine(unscaled, own_net):
    assert not told(make_pipeline(StandardScaler(), quick(own_net)).fit, *unscaled)
    assert not told(quick().fit, *unscaled)


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
