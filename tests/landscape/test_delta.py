"""Oracles: Gaussian moments by quadrature, an analytic quadratic, brute force."""

import numpy as np
import pytest
from numpy.polynomial.hermite_e import hermegauss

from sufficient.landscape.delta import (
    SecondOrder,
    SecondOrderForm,
    draw_form,
    eigenvalue_delta,
    expected_delta,
    monte_carlo_delta,
)


def random_increments(rng, n, d):
    half = rng.standard_normal((n, d, d))
    hessian = half + half.transpose(0, 2, 1)
    return rng.standard_normal(n), rng.standard_normal((n, d)), hessian


def exact_second_moment(a, c, B, sigma):
    """E (a + c'theta + theta'B theta / 2)^2 by Gauss-Hermite quadrature, d = 2."""
    nodes, weights = hermegauss(6)
    grid = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2) * sigma
    weight = np.outer(weights, weights).reshape(-1) / (2 * np.pi)
    value = a + grid @ c + np.einsum("ti,ij,tj->t", grid, B, grid) / 2
    return weight @ value**2


@pytest.mark.parametrize("sigma", [0.01, 0.3, 1.0, 3.0])
def test_formula_1_equals_exact_gaussian_moments(sigma):
    a, c, B = random_increments(np.random.default_rng(0), 5, 2)
    found = SecondOrderForm(sigma, 2)(SecondOrder(a, c, B).rows)
    exact = [exact_second_moment(*one, sigma) for one in zip(a, c, B, strict=True)]
    np.testing.assert_allclose(found, exact, rtol=1e-10)


@pytest.mark.parametrize("sigma", [0.05, 1.0])
def test_formula_1_agrees_with_monte_carlo_in_ten_directions(sigma):
    rng = np.random.default_rng(1)
    a, c, B = (part[0] for part in random_increments(rng, 1, 10))
    theta = sigma * rng.standard_normal((200_000, 10))
    squares = (a + theta @ c + np.einsum("ti,ij,tj->t", theta, B, theta) / 2) ** 2
    found = SecondOrderForm(sigma, 10)(SecondOrder(a, c, B).rows)
    std_err = squares.std() / np.sqrt(len(squares))
    assert abs(found - squares.mean()) < 4 * std_err


def test_formula_2_is_formula_1_without_loss_gradient_and_rotation():
    shifts = np.array([0.5, -0.2, 0.1])
    rows = SecondOrder(np.zeros(()), np.zeros(3), np.diag(shifts)).rows
    found = eigenvalue_delta(shifts, sigma=0.7)
    np.testing.assert_allclose(found, SecondOrderForm(0.7, 3)(rows))


def test_formula_2_is_no_upper_bound_of_formula_1():
    rng = np.random.default_rng(2)
    H, (a, c, B) = np.diag([3.0, 2.0]), random_increments(rng, 50, 2)
    shifts = np.linalg.eigvalsh(H + B)[:, ::-1] - np.diag(H)
    above = SecondOrderForm(1.0, 2)(SecondOrder(a, c, B).rows) > eigenvalue_delta(
        shifts, 1.0
    )
    assert above.mean() > 0.9


def population(rng, n, d=3, sharpness=1.0):
    a, c, B = random_increments(rng, n, d)
    return SecondOrder(1 + a, c + 0.3, sharpness * B).rows


FORMS = {"second order": SecondOrderForm(0.5, 3), "draws": draw_form}


@pytest.mark.parametrize("name", FORMS)
def test_expected_delta_is_the_mean_over_all_next_batches(name):
    """Brute force: draw many next batches and average the squared increments."""
    rng = np.random.default_rng(3)
    form, everything = FORMS[name], population(rng, 4000)
    seen_mean = everything[:500].mean(axis=0) - 0.1
    batches = rng.choice(len(everything), size=(20_000, 16))
    weight = 16 / (500 + 16)
    increments = weight * (everything[batches].mean(axis=1) - seen_mean)
    brute = form(increments)
    found = expected_delta(form, everything, seen_mean, batch_size=16, n_seen=500)
    assert abs(found.value - brute.mean()) < 4 * brute.std() / np.sqrt(len(brute))


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("m", [100, 400])
def test_expected_delta_is_unbiased_and_its_standard_error_true(name, m):
    rng = np.random.default_rng(4)
    form = FORMS[name]
    everything, seen_mean = population(rng, 200_000), np.zeros(13)
    rest = {"batch_size": 16, "n_seen": 500}
    truth = expected_delta(form, everything, seen_mean, **rest).value
    samples = rng.integers(0, len(everything), size=(600, m))
    found = [expected_delta(form, everything[s], seen_mean, **rest) for s in samples]
    values = np.array([f.value for f in found])
    errors = np.array([f.std_err for f in found])
    assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(len(values))
    np.testing.assert_allclose(np.sqrt((errors**2).mean()), values.std(), rtol=0.12)
    covered = np.abs(values - truth) < 1.96 * errors
    assert 0.91 <= covered.mean() <= 0.98


def test_a_sample_of_the_seen_samples_adds_no_bias():
    rng = np.random.default_rng(5)
    fresh, seen = population(rng, 50_000), population(rng, 5_000) + 1
    rest = {"batch_size": 16, "n_seen": len(seen)}
    all_seen = expected_delta(draw_form, fresh, seen.mean(axis=0), **rest)
    found = []
    for _ in range(400):
        sample = seen[rng.choice(len(seen), 200, replace=False)]
        found.append(
            expected_delta(
                draw_form, fresh, sample.mean(axis=0), seen_sample=sample, **rest
            )
        )
    values = np.array([f.value for f in found])
    # The fresh samples are the same throughout, so their share shows no scatter.
    variances = np.array([f.std_err**2 for f in found]) - all_seen.std_err**2
    bias = values.mean() - all_seen.value
    assert abs(bias) < 4 * values.std() / np.sqrt(len(values))
    np.testing.assert_allclose(np.sqrt(variances.mean()), values.std(), rtol=0.15)


def test_monte_carlo_of_a_quadratic_loss_is_the_second_order_form():
    """With one quadratic loss per sample, real loss and second-order model agree."""
    rng = np.random.default_rng(6)
    a, c, B = random_increments(rng, 3000, 3)
    theta = 0.4 * rng.standard_normal((4000, 3))
    losses = a + theta @ c.T + np.einsum("ti,nij,tj->tn", theta, B, theta) / 2
    fresh, seen = losses[:, :2000], losses[:, 2000:] * 1.3
    rows = SecondOrder(a, c, B).rows
    rest = {"batch_size": 32, "n_seen": 1000}
    sampled = monte_carlo_delta(fresh, seen, **rest)
    closed = expected_delta(
        SecondOrderForm(0.4, 3), rows[:2000], 1.3 * rows[2000:].mean(axis=0), **rest
    )
    assert abs(sampled.value - closed.value) < 4 * sampled.std_err


def test_few_fresh_samples_never_give_a_delta_below_zero():
    rng = np.random.default_rng(7)
    for _ in range(200):
        fresh = population(rng, 3)
        found = expected_delta(
            draw_form, fresh, fresh.mean(axis=0), batch_size=64, n_seen=100
        )
        assert found.value > 0


def test_a_single_fresh_sample_has_an_infinite_standard_error():
    fresh = population(np.random.default_rng(8), 1)
    found = expected_delta(draw_form, fresh, fresh[0], batch_size=4, n_seen=8)
    assert found.std_err == np.inf
