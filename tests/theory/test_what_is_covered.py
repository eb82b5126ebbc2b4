"""Networks and arguments that the theory does not cover. Oracle: a refusal in words."""

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn

from sufficient import MLP, ConvNet, theory
from tests.theory.networks import random_case


def test_a_sequential_gives_what_the_mlp_gives():
    net, X, _ = random_case(np.random.default_rng(5), (4, (5, 3), 3), True)
    _, first, relu, *rest = net.layers
    nested = nn.Sequential(nn.Sequential(first, relu), nn.Dropout(), *rest)
    for function in (theory.hessian_norm_bound, theory.gauss_newton_norms):
        np.testing.assert_array_equal(function(nested, X.numpy()), function(net, X))


SHARED = nn.Linear(4, 4)
UNSUPPORTED = {
    "convolutions": ConvNet(64, 3),
    "Conv2d": nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten()),
    "tanh": nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3)),
    "softmax": nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(dim=1)),
    "relu at the end": nn.Sequential(nn.Linear(4, 3), nn.ReLU()),
    "shared": nn.Sequential(SHARED, nn.ReLU(), SHARED),
    "parametrised": nn.Sequential(
        nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))
    ),
    "nothing": nn.Sequential(),
}


def test_a_net_that_standardises_is_the_plain_net_of_standardised_samples():
    X = 3 * torch.randn(20, 3, dtype=torch.float64) + 1
    plain, net = MLP(3, 2, (4,)).double(), MLP(3, 2, (4,), standardise=True).double()
    net.layers.load_state_dict(plain.layers.state_dict())
    net.inputs.fit(X)
    expected = theory.gauss_newton_norms(plain, StandardScaler().fit_transform(X))
    np.testing.assert_allclose(theory.gauss_newton_norms(net, X), expected)


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_the_theory_does_not_cover_is_refused(name):
    with pytest.raises(ValueError, match=r"sufficient\.MLP|shared"):
        theory.hessian_norm_bound(UNSUPPORTED[name], torch.zeros(2, 4))


def test_bad_arguments_say_what_is_wrong():
    net, X = MLP(4, 3, (5,)), torch.zeros(2, 4)
    with pytest.raises(ValueError, match="5 features, the first layer takes 4"):
        theory.gauss_newton_norms(net, torch.zeros(2, 5))
    with pytest.raises(ValueError, match="form must be"):
        theory.hessian_norm_bound(net, X, form="best")
    with pytest.raises(ValueError, match="matrix must be"):
        theory.hessian_norm_bound(net, X, matrix="fisher")
    with pytest.raises(ValueError, match="at least 1"):
        theory.hessian_norm_bound_from_constants(0, max_input_norm=1, max_weight_norm=1)
    with pytest.raises(ValueError, match="k must be"):
        theory.delta_bound(
            0,
            max_loss=1,
            max_gradient_norm=1,
            max_hessian_norm=1,
            sigma=1,
            n_directions=1,
        )
    with pytest.raises(ValueError, match="one row per sample"):
        theory.hessian_split(net, X, torch.zeros(3, dtype=torch.long))
