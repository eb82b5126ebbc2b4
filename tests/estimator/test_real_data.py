"""The main job on real images, in small. Oracle: what is promised of an answer."""

import numpy as np
import pytest

from sufficient import SampleSizeEstimator
from sufficient.datasets import load_digits_images, load_fashion_mnist
from sufficient.nets import default_net
from tests.small import STEPWISE

QUICK = {"random_state": 0, **STEPWISE}


@pytest.fixture(scope="module")
def answered():
    X, y = load_digits_images()
    return SampleSizeEstimator(tol=0.5, **QUICK).fit(X, y)


def test_digits_are_answered_with_everything_that_is_promised(answered):
    assert answered.converged_
    assert answered.n_samples_star_ == 64 * answered.k_star_
    assert answered.n_samples_needed_ == answered.n_samples_star_
    low, high = answered.n_samples_needed_interval_
    assert low <= answered.n_samples_star_ <= high
    assert answered.score_curve_[-1] > 0.9
    assert answered.curves_["eigen_certified"].all()
    last = {name: column[-1] for name, column in answered.curves_.items()}
    measured = {name for name in last if not name.startswith("wider_net")}
    assert all(np.isfinite(last[name]) for name in measured)


def test_digits_delta_falls_and_the_model_is_above_the_real_loss(answered):
    assert answered.delta_curve_[-1] < answered.delta_curve_[0] / 3
    assert np.all(answered.bound_curve_ > answered.delta_curve_)


def test_sigma_auto_makes_the_second_order_model_accurate():
    X, y = load_digits_images(n_samples=800)
    net = default_net(module__standardise=False)
    est = SampleSizeEstimator(
        net, sigma="auto", tol=1e-3, schedule=[3, 5, 7, 10], **QUICK
    ).fit(X, y)
    np.testing.assert_allclose(est.curves_["expected_rise"], 0.1, rtol=1e-4)
    np.testing.assert_allclose(est.curves_["quadratic_ratio"], 1, atol=0.15)


@pytest.mark.parametrize("training", ["restart", "full"])
def test_the_other_trainings_answer_as_well(training):
    X, y = load_digits_images(n_samples=800)
    est = SampleSizeEstimator(
        schedule=[3, 5, 7, 10], **{**QUICK, "training": training}
    ).fit(X, y)
    assert len(est.delta_curve_) == 4
    assert est.score_curve_[-1] > 0.7


def fashion(n):
    try:
        return load_fashion_mnist(n_samples=n, download=False)
    except FileNotFoundError:
        pytest.skip("Fashion-MNIST is not installed")


def test_fashion_mnist_in_small():
    X, y = fashion(2000)
    est = SampleSizeEstimator(n_fresh=512, **QUICK).fit(X, y)
    assert not est.converged_
    assert est.k_star_ is None
    assert est.n_samples_needed_ is None or est.n_samples_needed_ > 1600
    assert est.verdict_ == "more data helps"
    assert est.rate_ < -1


def test_fashion_mnist_by_a_convolutional_net_in_small():
    X, y = fashion(600)
    est = SampleSizeEstimator(
        default_net("cnn", module__channels=(2, 4), module__hidden_size=16),
        schedule=[2, 4, 6],
        n_fresh=128,
        n_monte_carlo=16,
        **QUICK,
    ).fit(X, y)
    assert est.curves_["eigen_certified"].all()
    assert np.isfinite(est.delta_curve_).all()


@pytest.mark.slow
def test_fashion_mnist_answer_repeats_between_seeds():
    X, y = fashion(10_000)
    needed = [
        SampleSizeEstimator(tol=0.03, **{**QUICK, "random_state": s})
        .fit(X, y)
        .n_samples_needed_
        for s in range(3)
    ]
    assert np.std(needed) / np.mean(needed) < 0.1
