"""Bounds on Hessians. Oracle: dense float64 Hessians of 1,200 random networks."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from sufficient import MLP, theory
from sufficient.theory import printed
from tests.theory.networks import (
    ARCHITECTURES,
    N_NETS,
    ROUNDING,
    bounds,
    never_below,
    norms,
    random_case,
)


def test_there_are_enough_random_networks():
    assert N_NETS * len(ARCHITECTURES) * 2 >= 1000


def test_the_factors_give_the_gauss_newton_matrix_of_autograd(families):
    for family in families:
        for (net, X, _), truth in zip(family["cases"], family["ggn"], strict=True):
            factors = theory.gauss_newton_factors(net, X)
            # A saturated softmax loses digits of 1 - p.
            scale = (factors.F**2).sum(dim=(1, 2)).max().item()
            found = factors.matrices.numpy()
            np.testing.assert_allclose(found, truth, rtol=1e-9, atol=1e-14 * scale)


def test_the_small_matrix_has_the_norm_of_the_large_one(families):
    for family in families:
        found = bounds(family, theory.gauss_newton_norms)
        scale = bounds(family, theory.hessian_norm_bound, matrix="ggn")
        assert (
            np.abs(found - norms(family["ggn"])) <= 1e-9 * found + 1e-14 * scale
        ).all()


@pytest.mark.parametrize("form", ["layers", "constants"])
@pytest.mark.parametrize("matrix", ["ggn", "hessian"])
def test_theorem_1_is_never_violated(families, matrix, form):
    truth = {"ggn": "ggn", "hessian": "hessians"}[matrix]
    for family in families:
        bound = bounds(family, theory.hessian_norm_bound, matrix=matrix, form=form)
        assert never_below(bound, norms(family[truth]))


def test_relaxing_theorem_1_never_lowers_it(families):
    for family in families:
        forms = [
            bounds(family, theory.hessian_norm_bound, matrix="ggn", form=form)
            for form in ("layers", "constants")
        ]
        assert never_below(forms[1], forms[0])


def test_theorem_1_is_attained_by_equal_logits_of_two_classes():
    net = MLP(3, 2, ())
    for parameter in net.parameters():
        nn.init.zeros_(parameter)
    X = torch.randn(5, 3)
    for form in ("layers", "constants"):
        bound = theory.hessian_norm_bound(net, X, form=form)
        worst = theory.gauss_newton_norms(net, X).max()
        np.testing.assert_allclose(bound.max(), worst)


@pytest.mark.parametrize("M_W", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("n_layers", [1, 2, 5])
def test_the_relaxed_form_is_its_closed_form(M_W, n_layers):
    constants = {"max_input_norm": 3.0, "max_weight_norm": M_W}
    bound = partial(theory.hessian_norm_bound_from_constants, n_layers, **constants)
    ggn = n_layers * 9 * M_W ** (2 * n_layers - 2) / 2
    rest = 2**0.5 * (n_layers - 1) * 3 * M_W ** (n_layers - 2) if n_layers > 1 else 0
    np.testing.assert_allclose(bound(bias=False, matrix="ggn"), ggn)
    np.testing.assert_allclose(bound(bias=False), ggn + rest, atol=1e-12)
    inputs = [9 * M_W ** (2 * p) + sum(M_W ** (2 * s) for s in range(p + 1))
              for p in range(n_layers)]  # fmt: skip
    with_bias = sum(r * M_W ** (2 * (n_layers - 1 - p)) for p, r in enumerate(inputs))
    np.testing.assert_allclose(bound(bias=True, matrix="ggn"), with_bias / 2)


def test_theorem_1_as_printed_fails_for_small_weights_only(families):
    n_below = 0
    for family in families:
        truth = norms(family["ggn"])
        bound = bounds(family, printed.theorem_1_layers)
        n_below += (bound < truth).any(axis=1).sum()
        smallest = [theory.spectral_norms(net).min() for net, *_ in family["cases"]]
        large = np.array(smallest) > 8**-0.25
        assert never_below(bound[large], truth[large])
    assert n_below > 10


def test_a_bound_on_the_gauss_newton_part_does_not_bound_the_hessian():
    """Small inputs make the H-term, linear in them, the larger part."""
    rng = np.random.default_rng(0)
    net, X, y = random_case(rng, (2, (3,), 2), bias=False)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(1 / torch.linalg.matrix_norm(parameter, ord=2))
    X = 1e-3 * X / X.norm(dim=1, keepdim=True)
    split = theory.hessian_split(net, X, y)
    assert split.hessian.max() > 100 * split.g_term.max()
    bound = theory.hessian_norm_bound(net, X)
    assert never_below(bound, split.hessian)
    assert split.hessian.max() > theory.hessian_norm_bound(net, X, matrix="ggn").max()


def test_the_printed_ratio_is_the_number_of_layers_at_one():
    for n_layers in (1, 3):
        near = printed.theorem_1(n_layers, 2.0, 1 + 1e-9)
        ratio = (1.1 ** (2 * n_layers) - 1) / (1.1**2 - 1)
        expected = n_layers * 4 * 1.1 ** (2 * n_layers) + 1.1**2 * ratio
        np.testing.assert_allclose(printed.theorem_1(n_layers, 2.0, 1.0), near)
        np.testing.assert_allclose(
            printed.theorem_1(n_layers, 2.0, 1.1), 2**0.5 * expected
        )
    single = 2**0.5 * 1.3**2 * (2.0**2 + 1)
    np.testing.assert_allclose(printed.theorem_1(1, 2.0, 1.3), single)


def test_lemma_1_is_never_violated_and_attained(families):
    for family in families:
        for net, _, _ in family["cases"]:
            for norm, layer in zip(
                theory.spectral_norms(net), list(net.layers)[1::2], strict=True
            ):
                largest = layer.weight.abs().max().item()
                assert norm <= ROUNDING * theory.weight_norm_bound(
                    largest, *layer.weight.shape
                )
    constant = torch.full((3, 7), -0.4, dtype=torch.float64)
    bound = theory.weight_norm_bound(0.4, 3, 7)
    np.testing.assert_allclose(torch.linalg.matrix_norm(constant, ord=2).item(), bound)


def test_lemma_1_as_printed_misses_a_layer_with_more_inputs_than_units():
    rng = np.random.default_rng(0)
    W = torch.as_tensor(rng.uniform(-1, 1, size=(16, 784)))
    assert torch.linalg.matrix_norm(W, ord=2) > 16 * W.abs().max()
