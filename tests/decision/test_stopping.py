"""Oracles: exact power laws, simulated noisy curves with a known crossing."""

from __future__ import annotations

import numpy as np
import pytest

from sufficient.data.tasks import Classification
from sufficient.decision.power_law import local_power_law
from sufficient.decision.stopping import StoppingRule, forecast_sample_size
from sufficient.settings import Settings
from tests.decision.records import record_of

SIZES = np.round(256 * 1.13 ** np.arange(28)).astype(int)


def curve(n, n_star, slope=-2.6, tol=0.025):
    return tol * (n / n_star) ** slope


def test_an_exact_power_law_is_crossed_where_it_crosses():
    found = forecast_sample_size(SIZES, curve(SIZES, 2000), tol=0.025, patience=2)
    assert found.converged
    assert abs(found.n_samples - 2000) <= 2
    assert found.interval[0] < 2000 < found.interval[1]
    assert found.rate == pytest.approx(-2.6, abs=0.01)


def test_an_exact_power_law_is_forecast_beyond_the_data():
    n = SIZES[SIZES < 1000]
    found = forecast_sample_size(n, curve(n, 2000), tol=0.025, patience=2)
    assert not found.converged
    assert found.n_samples == pytest.approx(2000, rel=0.02)
    assert found.interval[0] < 2000 < found.interval[1]


def test_a_curve_that_has_settled_stays_so_while_it_is_below():
    """As after an early stop, where all the data are measured once more."""
    n = np.array([64, 128, 192, 256, 384, 512, 4096])
    values = curve(n, 150)
    # The line through the last five sizes rises, and stays below.
    values[-1] = 0.02
    assert np.polyfit(np.log(n[-5:]), np.log(values[-5:]), 1)[0] > 0
    found = forecast_sample_size(n, values, tol=0.025, patience=2)
    assert found.converged
    assert found.n_samples <= 192
    values[-1] = 0.03
    assert not forecast_sample_size(n, values, tol=0.025, patience=2).converged


def test_a_low_curve_that_never_fell_has_not_settled():
    n = SIZES[:12]
    low = 0.001 * n**0.2
    assert not forecast_sample_size(n, low, tol=0.025, patience=2).converged


def test_the_interval_may_begin_before_the_last_size_if_that_is_below():
    n = SIZES[SIZES < 2200]
    found = forecast_sample_size(n, curve(n, 2000), tol=0.025, patience=2)
    assert not found.converged
    assert found.interval[0] < 2000 < n[-1] < found.n_samples <= found.interval[1]


def test_four_sizes_at_least_are_needed_to_settle():
    n = SIZES[:3]
    found = forecast_sample_size(n, curve(n, 100), tol=0.025, patience=1)
    assert not found.converged
    assert found.n_samples > n[-1]


def test_a_doubling_below_the_tolerance_settles_at_the_first_size():
    n = SIZES[:4]
    assert not forecast_sample_size(n, curve(n, 100), tol=0.025, patience=2).converged
    n = np.append(n, 2 * n[0])
    found = forecast_sample_size(n, curve(n, 100), tol=0.025, patience=2)
    assert found.converged
    assert found.n_samples == n[0]


def test_a_curve_that_rises_has_not_settled_whatever_the_prior_expects():
    n = np.array([64, 80, 96, 112, 128])
    values = 0.1 * np.array([0.124, 0.103, 0.142, 0.219, 0.2])
    found = forecast_sample_size(n, values, tol=0.025, patience=2)
    assert found.rate < 0 and not found.converged


def test_one_lucky_size_does_not_settle_the_curve():
    n = SIZES[:12]
    values = curve(n, 4000)
    values[6] = 1e-4
    assert not forecast_sample_size(n, values, tol=0.025, patience=2).converged


def test_a_curve_that_rises_again_has_not_settled():
    values = np.concatenate([curve(SIZES[:20], 1000), np.full(8, 0.2)])
    found = forecast_sample_size(SIZES, values, tol=0.025, patience=2)
    assert not found.converged
    assert found.crossing > SIZES[-1]


def test_a_curve_that_climbs_has_no_forecast():
    found = forecast_sample_size(SIZES, curve(SIZES, 100, 3), tol=1e-9, patience=2)
    assert found.n_samples is None
    assert found.crossing == np.inf
    assert found.interval[0] > SIZES[-1] and found.interval[1] is None


@pytest.mark.parametrize(("times", "told"), [(15, True), (17, False)])
def test_beyond_sixteen_times_the_data_there_is_no_number_but_a_crossing(times, told):
    n_star = times * int(SIZES[-1])
    found = forecast_sample_size(SIZES, curve(SIZES, n_star), tol=0.025, patience=2)
    assert found.crossing == pytest.approx(n_star, rel=0.05)
    assert not found.converged and not found.is_at_most
    if told:
        assert found.n_samples == pytest.approx(n_star, rel=0.05)
    else:
        assert found.n_samples is None
    assert SIZES[-1] < found.interval[0] <= 16 * SIZES[-1]


def test_a_curve_below_from_the_first_size_on_gives_an_upper_limit():
    for n_star, at_most in ((100, True), (2000, False)):
        values = curve(SIZES, n_star)
        found = forecast_sample_size(SIZES, values, tol=0.025, patience=2)
        assert found.converged and found.is_at_most == at_most
        assert found.n_samples == max(n_star, SIZES[0])


@pytest.mark.parametrize("n_sizes", [1, 2])
def test_even_one_size_gives_a_forecast_by_the_prior_slope(n_sizes):
    n = SIZES[:n_sizes]
    found = forecast_sample_size(n, curve(n, 1000), tol=0.025, patience=2)
    assert found.n_samples == pytest.approx(1000, rel=0.01)


def test_a_zero_in_the_curve_is_survived():
    values = np.where(np.arange(28) == 3, 0.0, curve(SIZES, 2000))
    assert forecast_sample_size(SIZES, values, tol=0.025, patience=2).n_samples > 0


def test_patience_waits_but_does_not_move_the_answer():
    found = {}
    for patience in (1, 2, 4):
        for last in range(4, len(SIZES)):
            n = SIZES[:last]
            answer = forecast_sample_size(
                n, curve(n, 2000), tol=0.025, patience=patience
            )
            if answer.converged:
                found[patience] = (last, answer.n_samples)
                break
    assert found[1][0] < found[2][0] < found[4][0]
    np.testing.assert_allclose([n for _, n in found.values()], 2000, rtol=0.01)


def test_the_line_is_least_squares_where_the_data_outweigh_the_prior():
    n = np.geomspace(10, 1e6, 40)
    line = local_power_law(n, 3 * n**-1.5, prior_slope=-2.6)
    assert line.slope == pytest.approx(-1.5, abs=1e-3)
    np.testing.assert_allclose(line(n), 3 * n**-1.5, rtol=0.05)


def test_noise_as_measured_moves_the_answer_by_a_few_percent():
    rng = np.random.default_rng(0)
    answers = []
    for _ in range(200):
        noisy = curve(SIZES, 3000) * np.exp(0.17 * rng.standard_normal(len(SIZES)))
        answers.append(forecast_sample_size(SIZES, noisy, tol=0.025, patience=2))
    assert all(answer.converged for answer in answers)
    n = np.array([answer.n_samples for answer in answers])
    assert n.std() / n.mean() < 0.05
    assert abs(n.mean() / 3000 - 1) < 0.03


def test_forecast_intervals_cover_where_the_exponent_varies():
    """Curves whose slope drifts as much as those that were measured."""
    rng = np.random.default_rng(1)
    n, covered = SIZES[SIZES <= 1500], []
    for _ in range(300):
        slope = -2.6 + 0.25 * rng.standard_normal()
        noisy = curve(n, 3000, slope) * np.exp(0.17 * rng.standard_normal(len(n)))
        low, high = forecast_sample_size(n, noisy, tol=0.025, patience=2).interval
        covered.append(low <= 3000 <= high)
    assert np.mean(covered) > 0.85


def test_the_standard_error_of_the_smoothed_curve_is_its_scatter_over_repeats():
    """Oracle: the curve of the model itself, drawn many times."""
    rng = np.random.default_rng(0)
    n = np.geomspace(256, 8192, 29)
    found = [
        forecast_sample_size(
            n, 1e6 * n**-2.6 * np.exp(0.17 * rng.standard_normal(29)), tol=1, patience=2
        )
        for _ in range(200)
    ]
    ends = np.log([one.smoothed[-1] for one in found])
    stated = np.median([one.smoothed_std_err[-1] / one.smoothed[-1] for one in found])
    # Stated a little larger: the exponent may drift.
    assert ends.std() < stated < 2 * ends.std()


class TestRule:
    """When to stop. Oracle: a table of landscapes and scores."""

    STABLE, SHAKY = curve(SIZES, 1000), curve(SIZES, 1e6)
    FLAT, RISING = np.full(28, 0.9), 0.95 - 10 * SIZES**-0.5

    @pytest.mark.parametrize(
        ("landscape", "scores", "stops"),
        [
            (STABLE, FLAT, {"answer", "landscape"}),
            (STABLE, RISING, {"landscape"}),
            (SHAKY, FLAT, set()),
            (SHAKY, RISING, set()),
        ],
        ids=["both", "landscape", "score", "neither"],
    )
    def test_stops_as_in_the_table(self, landscape, scores, stops):
        record = record_of(SIZES, landscape, scores)
        found = {stop for stop in ("answer", "landscape", "never") if
                 self.rule(stop).says_enough(record)}  # fmt: skip
        assert found == stops

    @staticmethod
    def rule(stop, is_one_net=False, **changes):
        task = Classification(np.arange(2))
        return StoppingRule(Settings(stop=stop, **changes), task, is_one_net)

    def test_never_stops_one_net_for_which_more_data_changes_nothing(self):
        record = record_of(SIZES, self.STABLE, self.FLAT)
        for stop in ("answer", "landscape"):
            assert not self.rule(stop, is_one_net=True).says_enough(record)

    def test_does_not_stop_a_net_that_has_not_learnt(self):
        record = record_of(SIZES, self.STABLE, self.FLAT, above_chance=0.5)
        assert not self.rule("answer").says_enough(record)
        assert self.rule("landscape").says_enough(record)

    def test_asks_for_the_gain_that_counts(self):
        record = record_of(SIZES, self.STABLE, self.RISING)
        assert self.rule("answer", min_gain=0.5).says_enough(record)

    def test_does_not_stop_where_the_score_is_not_a_number(self):
        record = record_of(SIZES, self.STABLE, np.full(28, np.nan))
        assert not self.rule("answer").says_enough(record)
