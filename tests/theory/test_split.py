"""The Hessian in its two parts. Oracles: dense matrices, the curvature operator."""

from functools import partial

import numpy as np
import pytest
import torch
from torch.func import hessian

from sufficient import ConvNet, theory
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from tests.dense import weights_of
from tests.theory.networks import flat_loss, norms, over_all, random_case


@pytest.mark.parametrize("bias", [True, False])
def test_the_split_has_the_norms_of_the_dense_matrices(bias):
    net, X, y = random_case(np.random.default_rng(3), (4, (5, 3), 3), bias)
    family_of_one = weights_of(net)[None]
    loss = partial(flat_loss, net)
    full = over_all(hessian(loss))(family_of_one, X[None], y[None])[0].numpy()
    ggn = theory.gauss_newton_factors(net, X).matrices.numpy()
    found = theory.hessian_split(net, X, y, tol=1e-9, random_state=0)
    # Two eigenvalues of nearly the same size are told apart to about this.
    rest = {"rtol": 1e-5, "atol": 1e-12}
    for name, truth in (("hessian", full), ("g_term", ggn), ("h_term", full - ggn)):
        np.testing.assert_allclose(getattr(found, name), norms(truth), **rest)
        mean = getattr(found, f"mean_{name}")
        np.testing.assert_allclose(mean, norms(truth.mean(axis=0)), **rest)


def test_the_factors_agree_with_the_curvature_operator():
    net, X, y = random_case(np.random.default_rng(4), (4, (5, 3), 3), True)
    operator = CurvatureOperator(Objective(net, "cross_entropy"), X, y, matrix="ggn")
    dense = torch.stack([operator @ e for e in torch.eye(operator.shape[0]).double()])
    mean = theory.gauss_newton_factors(net, X).matrices.mean(dim=0)
    torch.testing.assert_close(mean, dense, rtol=1e-9, atol=1e-12)


def test_the_split_takes_any_network_and_leaves_it_alone():
    net = ConvNet(64, 3, channels=(2, 2), hidden_size=4).train()
    X, y = torch.randn(3, 64), torch.arange(3)
    before = weights_of(net)
    found = theory.hessian_split(net, X, y, random_state=0)
    assert (found.g_term > 0).all()
    assert net.training and next(net.parameters()).dtype == torch.float32
    assert torch.equal(weights_of(net), before)
