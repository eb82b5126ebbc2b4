"""Oracles: exact power laws, and the rules of the verdict one by one."""

import numpy as np
import pytest

from sufficient.gain import forecast_gain, join_verdict
from sufficient.results import GainForecast

N = np.array([100, 150, 225, 340, 500, 750, 1100, 1600])


@pytest.mark.parametrize("exponent", [0.3, 0.7, 1.0])
def test_the_gain_of_an_exact_power_law_is_found(exponent):
    def law(n):
        return 0.9 - 3 * n**-exponent

    gain = forecast_gain(N, law(N), law(N))
    assert gain.expected == pytest.approx(law(3200) - law(1600), rel=0.01)
    assert gain.last_doubling == pytest.approx(law(1600) - law(800), rel=0.05)
    assert gain.generalization_gap == 0


def test_noise_widens_the_interval():
    rng = np.random.default_rng(0)
    scores = 0.9 - 3 * N**-0.7
    calm, noisy = (
        forecast_gain(N, scores + s * rng.standard_normal(len(N)), scores)
        for s in (0.001, 0.01)
    )
    assert np.ptp(noisy.interval) > 3 * np.ptp(calm.interval)


def test_few_sizes_leave_the_gain_open():
    gain = forecast_gain(N[:3], np.array([0.5, 0.6, 0.7]), np.ones(3))
    assert gain.interval == (-np.inf, np.inf)
    assert gain.expected == gain.last_doubling


def test_a_flat_or_falling_score_promises_no_gain():
    for scores in (np.full(8, 0.7), np.linspace(0.8, 0.7, 8)):
        assert abs(forecast_gain(N, scores, scores).expected) < 0.01


def gain_of(expected=0.0, last=0.0, gap=0.0):
    return GainForecast(expected, (expected, expected), last, gap)


@pytest.mark.parametrize(
    ("converged", "gain", "above_chance", "verdict"),
    [
        (True, gain_of(), 0.5, "sufficient"),
        (True, gain_of(expected=0.02), 0.5, "stable, still improving"),
        (True, gain_of(last=0.03), 0.5, "stable, still improving"),
        (True, gain_of(gap=0.05), 0.5, "stable, still improving"),
        (False, gain_of(), 0.5, "not stable yet"),
        (True, gain_of(), 0.0, "has not learnt"),
        (True, gain_of(), np.nan, "has not learnt"),
        (False, gain_of(), -0.1, "has not learnt"),
    ],
)
def test_the_verdict_needs_stability_small_gain_and_learning(
    converged, gain, above_chance, verdict
):
    found = join_verdict(
        converged=converged, gain=gain, min_gain=0.01, score_above_chance=above_chance
    )
    assert found == verdict
