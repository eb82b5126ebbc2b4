"""Oracles: exact power laws, and the rules of the verdict one by one."""

import numpy as np
import pytest
from sufficient.decision.gain import GAP_SHARE, POWER_LAW_SHARE, forecast_gain

from sufficient.decision.verdict import cautious_gain, join_verdict
from sufficient.results import GainForecast

N = np.array([100, 150, 225, 340, 500, 750, 1100, 1600])


EXACT = np.full(len(N), 1e-6)


@pytest.mark.parametrize("exponent", [0.3, 0.7, 1.0])
def test_the_gain_of_an_exact_power_law_is_found(exponent):
    def law(n):
        return 0.9 - 3 * n**-exponent

    gain = forecast_gain(N, law(N), law(N), EXACT)
    growth = law(3200) - law(1600)
    assert gain.expected == pytest.approx(POWER_LAW_SHARE * growth, rel=0.03)
    assert gain.last_doubling == pytest.approx(law(1600) - law(800), rel=0.05)
    assert gain.generalization_gap == 0


def test_a_gap_to_the_training_score_promises_gain():
    scores = 0.9 - 3 * N**-0.7
    none, some = (forecast_gain(N, scores, scores + gap, EXACT) for gap in (0, 0.1))
    assert some.expected - none.expected == pytest.approx(0.1 * GAP_SHARE)


def test_noise_and_a_small_validation_set_widen_the_interval():
    rng = np.random.default_rng(0)
    scores = 0.9 - 3 * N**-0.7
    noise = rng.standard_normal(len(N))
    calm, noisy, small = (
        forecast_gain(N, scores + s * noise, scores, np.full(len(N), std_err))
        for s, std_err in ((0.001, 0.001), (0.01, 0.001), (0.001, 0.03))
    )
    assert np.ptp(noisy.interval) > 1.5 * np.ptp(calm.interval)
    assert np.ptp(small.interval) > 2 * np.ptp(calm.interval)
    assert small.expected == pytest.approx(calm.expected, abs=0.01)
    assert cautious_gain(small) > cautious_gain(calm)


def test_scores_in_another_unit_give_the_gain_in_that_unit():
    rng = np.random.default_rng(0)
    scores = 0.9 - 3 * N**-0.7 + 0.005 * rng.standard_normal(len(N))
    one, hundred = (
        forecast_gain(N, u * scores, u * (scores + 0.05), np.full(len(N), u * 0.01))
        for u in (1, 100)
    )
    assert hundred.expected == pytest.approx(100 * one.expected, rel=1e-4)
    assert hundred.std_err == pytest.approx(100 * one.std_err, rel=1e-4)


def test_few_sizes_leave_the_gain_open():
    gain = forecast_gain(N[:3], np.array([0.5, 0.6, 0.7]), np.ones(3), EXACT[:3])
    assert gain.interval == (-np.inf, np.inf)
    assert gain.expected == gain.last_doubling


def test_a_flat_score_promises_no_gain_and_a_falling_one_a_loss():
    flat, falling = (
        forecast_gain(N, scores, scores, np.full(8, 0.01))
        for scores in (np.full(8, 0.7), np.linspace(0.8, 0.7, 8))
    )
    assert abs(flat.expected) < 0.001
    assert falling.expected == pytest.approx(POWER_LAW_SHARE * -0.025, rel=0.2)


def test_scores_that_are_not_known_are_left_out():
    scores = 0.9 - 3 * N**-0.7
    some = np.where(np.arange(8) == 2, np.nan, scores)
    known = np.arange(8) != 2
    whole, without = (
        forecast_gain(n, s, s, np.full(len(s), 0.001))
        for n, s in ((N, some), (N[known], scores[known]))
    )
    assert whole == without
    last = np.where(np.arange(8) == 7, np.nan, scores)
    assert forecast_gain(N, last, last, EXACT).is_unknown


def gain_of(expected=0.0, std_err=0.0, gap=0.0):
    return GainForecast(expected, (expected, expected), 0.0, gap, std_err)


@pytest.mark.parametrize(
    ("converged", "gain", "above_chance", "verdict"),
    [
        (True, gain_of(), 0.5, "sufficient"),
        (True, gain_of(expected=0.02), 0.5, "stable, still improving"),
        (True, gain_of(expected=0.005, std_err=0.03), 0.5, "stable, still improving"),
        (True, gain_of(expected=0.005, std_err=0.01), 0.5, "sufficient"),
        (True, gain_of(gap=0.05), 0.5, "stable, still improving"),
        (True, gain_of(gap=0.03), 0.5, "sufficient"),
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
