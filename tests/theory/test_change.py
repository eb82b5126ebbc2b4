"""Bounds on the change by a sample. Oracle: dense derivatives of random networks."""

import numpy as np
import pytest
import torch

from sufficient import theory
from sufficient.landscape.delta import SecondOrder, SecondOrderForm
from sufficient.theory import printed
from sufficient.theory.layers import forward_pass
from tests.theory.networks import N_SAMPLES, never_below, norms


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
