"""Oracles: dense float64 Hessians by autograd over 1,200 random networks and data."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, grad, hessian, jacrev, vmap

from sufficient import MLP, ConvNet, theory
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.landscape.delta import SecondOrder, SecondOrderForm
from sufficient.theory import printed
from sufficient.theory.layers import forward_pass

N_NETS, N_SAMPLES = 60, 6
ARCHITECTURES = [
    (3, (), 2),
    (4, (), 5),
    (2, (3,), 2),
    (4, (3,), 3),
    (3, (4,), 2),
    (2, (3, 2), 3),
    (3, (2, 4), 2),
    (2, (2, 3, 2), 3),
    (3, (2, 2, 2), 2),
    (2, (2, 2, 2, 2), 2),
]
ROUNDING = 1 + 1e-9


def random_case(rng, sizes, bias):
    """A network of random size of weights, and samples of random size."""
    n_inputs, hidden, n_classes = sizes
    net = MLP(n_inputs, n_classes, hidden, bias=bias).double()
    with torch.no_grad():
        for parameter in net.parameters():
            scale = 10 ** rng.uniform(-1.5, 0.7)
            draw = rng.standard_normal(parameter.shape)
            parameter.copy_(torch.as_tensor(scale * draw))
    scale = 10 ** rng.uniform(-1, 1)
    X = torch.as_tensor(scale * rng.standard_normal((N_SAMPLES, n_inputs)))
    return net, X, torch.as_tensor(rng.integers(0, n_classes, N_SAMPLES))


def flat_outputs(net, weights, x):
    parts = weights.split([p.numel() for p in net.parameters()])
    state = {
        name: part.reshape(p.shape)
        for (name, p), part in zip(net.named_parameters(), parts, strict=True)
    }
    return functional_call(net, state, (x[None],))[0]


def flat_loss(net, weights, x, y):
    return nn.functional.cross_entropy(flat_outputs(net, weights, x), y)


def over_all(function):
    """Map a function of (weights, x[, y]) over the samples, then over the networks."""
    return lambda w, *data: vmap(vmap(function, (None, *(0 for _ in data))))(w, *data)


def dense_gauss_newton(net, weights, x):
    J = jacrev(lambda w: flat_outputs(net, w, x))(weights)
    p = flat_outputs(net, weights, x).softmax(dim=0)
    return J.T @ (torch.diag(p) - torch.outer(p, p)) @ J


def make_family(sizes, bias):
    """Many networks of one architecture, with everything autograd says of them."""
    rng = np.random.default_rng([sizes[0], sizes[2], *sizes[1], bias])
    cases = [random_case(rng, sizes, bias) for _ in range(N_NETS)]
    net = cases[0][0]
    weights = torch.stack(
        [nn.utils.parameters_to_vector(c[0].parameters()).detach() for c in cases]
    )
    X, y = (torch.stack([case[i] for case in cases]) for i in (1, 2))
    loss = partial(flat_loss, net)
    return {
        "cases": cases,
        "losses": over_all(loss)(weights, X, y).numpy(),
        "gradients": over_all(grad(loss))(weights, X, y).numpy(),
        "hessians": over_all(hessian(loss))(weights, X, y).numpy(),
        "ggn": over_all(partial(dense_gauss_newton, net))(weights, X).numpy(),
    }


@pytest.fixture(scope="module", params=[True, False], ids=["bias", "no bias"])
def families(request):
    return [make_family(sizes, request.param) for sizes in ARCHITECTURES]


def norms(matrices):
    return np.linalg.norm(matrices, ord=2, axis=(-2, -1))


def bounds(family, function, **settings):
    return np.array([function(net, X, **settings) for net, X, _ in family["cases"]])


def never_below(bound, truth):
    return bool(np.all(truth <= bound * ROUNDING + 1e-300))


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


def increments(family, minimum=False):
    """What the last of the samples changes: a, c and B of every network."""
    parts = [family[name] for name in ("losses", "gradients", "hessians")]
    k = N_SAMPLES - 1
    a, c, B = ((part[:, -1] - part[:, :-1].mean(axis=1)) / (k + 1) for part in parts)
    return a, parts[1][:, -1] / (k + 1) if minimum else c, B


def constants(family):
    return {
        "max_loss": family["losses"].max(axis=1),
        "max_gradient_norm": np.linalg.norm(family["gradients"], axis=2).max(axis=1),
        "max_hessian_norm": norms(family["hessians"]).max(axis=1),
    }


def each(function, family, **settings):
    """A bound from the constants of every network of a family."""
    columns = {**constants(family), **settings}
    rows = np.broadcast_arrays(*columns.values())
    return np.array(
        [
            float(function(N_SAMPLES - 1, **dict(zip(columns, row, strict=True))))
            for row in zip(*rows, strict=True)
        ]
    )


def test_lemma_2_is_never_violated(families):
    rng = np.random.default_rng(1)
    for family in families:
        a, c, B = increments(family)
        radius = 10 ** rng.uniform(-2, 1, len(a))
        at = rng.standard_normal(c.shape)
        at *= (radius / np.linalg.norm(at, axis=1))[:, None]
        length = np.linalg.norm(c, axis=1, keepdims=True)
        steep = np.sign(a)[:, None] * c / np.fmax(length, 1e-300) * radius[:, None]
        for step in (at, steep):
            bent = np.einsum("ni,nij,nj->n", step, B, step) / 2
            change = np.abs(a + (c * step).sum(axis=1) + bent)
            bound = each(theory.loss_change_bound, family, radius=radius)
            assert never_below(bound, change)
            M = constants(family)
            theirs = printed.lemma_2(
                N_SAMPLES - 1, M["max_loss"], M["max_hessian_norm"], radius
            )
            assert never_below(theirs, np.abs(a + bent))


def test_lemma_2_as_printed_needs_the_gradients_that_it_assumes_away(families):
    """Along the gradient, at one of many radii, the change is above it."""
    n_above = 0
    for family in families:
        a, c, B = increments(family)
        length = np.linalg.norm(c, axis=1)
        along = c / np.fmax(length, 1e-300)[:, None]
        radius, M = np.logspace(-2, 2, 41)[:, None], constants(family)
        bent = radius**2 * np.einsum("ni,nij,nj->n", along, B, along) / 2
        change = np.abs(a + bent) + radius * length
        k = N_SAMPLES - 1
        theirs = printed.lemma_2(k, M["max_loss"], M["max_hessian_norm"], radius)
        n_above += (change > theirs).any(axis=0).sum()
        ours = each(theory.loss_change_bound, family, radius=radius[0, 0])
        assert never_below(ours, change[0])
    assert n_above > 0


def test_the_gradient_of_the_last_layer_vanishes_only_without_inputs(families):
    """So no weights minimise the mean losses over k and over k + 1 samples."""
    for family in families:
        last = family["cases"][0][0].layers[-1]
        n_last = sum(p.numel() for p in last.parameters())
        size = np.linalg.norm(family["gradients"][:, :, -n_last:], axis=2)
        sees = [forward_pass(n, X).squared_inputs[:, -1] for n, X, _ in family["cases"]]
        unsaturated = family["losses"] > 1e-12
        assert (size[unsaturated & (torch.stack(sees).numpy() > 0)] > 0).all()


def test_the_bounds_on_delta_are_never_violated(families):
    rng = np.random.default_rng(2)
    for family in families:
        n_parameters = family["gradients"].shape[-1]
        for minimum, function in ((False, None), (True, printed.subspace_rate)):
            a, c, B = increments(family, minimum)
            d = int(rng.integers(1, min(5, n_parameters) + 1))
            sigma = 10 ** rng.uniform(-1.5, 1)
            basis = np.linalg.qr(rng.standard_normal((len(a), n_parameters, d)))[0]
            turned = np.swapaxes(basis, 1, 2)
            rows = SecondOrder(
                a, (turned @ c[..., None])[..., 0], turned @ B @ basis
            ).rows
            delta = SecondOrderForm(sigma, d)(rows)
            settings = {"sigma": sigma, "n_directions": d}
            assert never_below(each(theory.delta_bound, family, **settings), delta)
            if function:
                M = constants(family)
                bound = function(N_SAMPLES - 1, *M.values(), sigma, d)
                assert never_below(bound, delta)


@pytest.mark.parametrize("d", [1, 3, 10])
def test_the_bound_on_delta_is_attained(d):
    constants = {"max_loss": 0.7, "max_gradient_norm": 0.3, "max_hessian_norm": 1.9}
    c = np.zeros(d)
    c[0] = 2 * 0.3
    rows = SecondOrder(np.array(0.7), c, 2 * 1.9 * np.eye(d)).rows / 5
    bound = theory.delta_bound(4, **constants, sigma=0.8, n_directions=d)
    np.testing.assert_allclose(SecondOrderForm(0.8, d)(rows), bound)


def test_the_printed_bound_on_delta_needs_a_minimum():
    """Opposite gradients at weights that minimise nothing: 4/3 of the bound."""
    rows = SecondOrder(np.array(0.0), np.array([2 * 0.3]), np.zeros((1, 1))).rows / 5
    bound = printed.subspace_rate(4, M_l=0, M_g=0.3, M_H=0, sigma=0.8, D=1)
    np.testing.assert_allclose(SecondOrderForm(0.8, 1)(rows) / bound, 4 / 3)


@pytest.mark.parametrize("bias", [True, False])
def test_the_split_has_the_norms_of_the_dense_matrices(bias):
    net, X, y = random_case(np.random.default_rng(3), (4, (5, 3), 3), bias)
    family_of_one = nn.utils.parameters_to_vector(net.parameters()).detach()[None]
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
    before = nn.utils.parameters_to_vector(net.parameters()).clone()
    found = theory.hessian_split(net, X, y, random_state=0)
    assert (found.g_term > 0).all()
    assert net.training and next(net.parameters()).dtype == torch.float32
    assert torch.equal(nn.utils.parameters_to_vector(net.parameters()), before)


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
