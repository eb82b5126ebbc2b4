"""Before the first weights. Oracles: the scaler of scikit-learn, the axes of torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.preprocessing import StandardScaler

from sufficient import ConvNet
from sufficient.inputs import Images, Standardise

RNG = np.random.default_rng(0)


def fitted(n_columns, X):
    layer = Standardise(n_columns)
    layer.fit(torch.as_tensor(X))
    return layer


def test_columns_are_scaled_as_by_scikit_learn():
    scale = np.array([1e-9, 1.0, 1e4, 1e8])
    X = (RNG.standard_normal((60, 4)) * scale + 5 * scale).astype(np.float32)
    found = fitted(4, X)(torch.as_tensor(X))
    assert_allclose(found, StandardScaler().fit_transform(X), rtol=1e-4, atol=1e-5)


def test_channels_are_scaled_as_a_whole():
    X = (RNG.random((9, 3, 4, 5)) * [[[2]], [[300]], [[0.1]]]).astype(np.float32)
    found = fitted(3, X)(torch.as_tensor(X))
    assert found.shape == X.shape
    assert_allclose(found.mean(dim=(0, 2, 3)), np.zeros(3), atol=1e-5)
    assert_allclose(found.std(dim=(0, 2, 3), correction=0), np.ones(3), rtol=1e-4)
    pixels = X[:, 1].reshape(-1, 1)
    expected = StandardScaler().fit_transform(pixels).reshape(9, 4, 5)
    assert_allclose(found[:, 1], expected, rtol=1e-4, atol=1e-5)


def test_flat_images_are_scaled_like_images():
    X = torch.as_tensor(RNG.random((9, 3, 4, 5)).astype(np.float32))
    layer = fitted(3, X)
    assert torch.equal(layer(X.flatten(1)), layer(X).flatten(1))


def test_a_constant_column_is_left_out():
    X = np.full((7, 2), 3.7e5, np.float32)
    X[:, 1] = RNG.random(7)
    found = fitted(2, X)(torch.as_tensor(X) + torch.tensor([100, 0]))
    assert torch.equal(found[:, 0], torch.zeros(7))
    assert found[:, 1].std() > 0.5


def test_a_value_far_outside_is_ten_standard_deviations_away():
    X = torch.as_tensor(RNG.random((7, 2)).astype(np.float32))
    far = torch.tensor([[1e9, 0.5], [0.5, -1e9]])
    found = fitted(2, X)(far)
    assert found[0, 0] == 10 and found[1, 1] == -10
    assert found.abs().min() < 3


def test_it_is_stored_with_the_weights_and_not_trained():
    layer = fitted(2, RNG.random((7, 2)).astype(np.float32))
    assert not list(layer.parameters())
    other = Standardise(2)
    other.load_state_dict(layer.state_dict())
    X = torch.rand(3, 2)
    assert torch.equal(other(X), layer(X))


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("side", [4, 7, 30])
def test_square_images_of_one_or_three_channels_in_any_form(depth, side):
    first = torch.rand(5, depth, side, side)
    last = first.permute(0, 2, 3, 1).contiguous()
    net = ConvNet(depth * side**2, 2, channels=(2, 2), hidden_size=3)
    assert net.image_shape == (depth, side, side)
    forms = [first, last, first.flatten(1)]
    if depth == 1:
        forms.append(first[:, 0])
    for X in forms:
        torch.testing.assert_close(net(X), net(first))


@pytest.mark.parametrize("shape", [(4, 8, 8), (8, 32), (8, 8, 4), (2, 8, 16)])
def test_other_shapes_are_refused_where_the_number_of_features_fits(shape):
    # 256 features could be an image of 16 x 16.
    with pytest.raises(ValueError, match="image_shape"):
        Images((1, 16, 16))(torch.zeros(2, *shape))
