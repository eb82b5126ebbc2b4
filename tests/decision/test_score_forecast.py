"""Forecasts of scores. Oracles: known laws, the range of a score, common sense."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from sufficient import forecast_scores

N = np.round(64 * 2 ** (np.arange(15) / 2)).astype(int)
FACTORS = [1.1, 2, 4, 16]


def law(n, best=0.9, size=3.0, exponent=0.5):
    return best - size * np.asarray(n, dtype=float) ** -exponent


def asked(scores, n=N, std_err=0.003, **given):
    n = n[-len(scores) :]
    return forecast_scores(n, scores, std_err=np.full(len(n), std_err), **given)


def assert_sensible(found, n, low=0.0, high=1.0):
    """Finite, ordered, within the range of the score, probabilities in order."""
    for factor in FACTORS:
        expected, (left, right) = found.gain(factor)
        assert np.isfinite([expected, left, right]).all()
        assert left <= expected <= right
        score, (worst, best) = found.score_at(factor * n)
        assert low <= worst <= score <= best <= high
    shares = [found.probability_of_gain_below(g) for g in (-1, 0, 1e-4, 0.01, 0.1, 2)]
    assert ((np.array(shares) >= 0) & (np.array(shares) <= 1)).all()
    assert (np.diff(shares) >= 0).all()


class TestKnownLaws:
    @pytest.mark.parametrize("exponent", [0.3, 0.5, 1.0])
    def test_a_power_law_is_gone_on_with(self, exponent):
        def curve(n):
            return law(n, size=0.6 * 64**exponent, exponent=exponent)

        found = asked(curve(N), std_err=0.001)
        truth = curve(2 * N[-1]) - curve(N[-1])
        expected, (low, high) = found.gain()
        assert low <= truth <= high
        assert expected == pytest.approx(truth, rel=0.5, abs=0.003)
        _score, (low, high) = found.score_at(2 * N[-1])
        assert low - 0.002 <= curve(2 * N[-1]) <= high + 0.002

    def test_a_steep_curve_goes_on_and_a_flat_one_does_not(self):
        steep, flat = law(N[:8], size=5), np.full(8, 0.8)
        found = {name: asked(scores, N[:8]) for name, scores in
                 {"steep": steep, "flat": flat}.items()}  # fmt: skip
        assert found["steep"].gain()[0] > 0.02 > found["flat"].gain()[0]
        assert found["steep"].probability_of_gain_below(0.01) < 0.2
        assert found["flat"].probability_of_gain_below(0.01) > 0.8

    def test_intervals_cover_what_comes_out(self):
        rng, covered = np.random.default_rng(0), []
        for _ in range(60):
            best, exponent = rng.uniform(0.7, 0.98), rng.uniform(0.3, 1.0)
            size = rng.uniform(0.2, 0.5) * 64**exponent
            noise = 0.005 * rng.standard_normal(len(N))
            found = asked(law(N, best, size, exponent) + noise, std_err=0.005)
            truth = np.diff(law([N[-1], 2 * N[-1]], best, size, exponent)).item()
            low, high = found.gain()[1]
            covered.append(low <= truth <= high)
        assert np.mean(covered) >= 0.85

    def test_what_is_seen_is_what_is_said_of_it(self):
        score, (low, high) = asked(law(N)).score_at(N[-1])
        assert score == pytest.approx(law(N[-1]), abs=0.005)
        assert low <= law(N[-1]) <= high


class TestGain:
    def test_grows_with_the_factor(self):
        found = asked(law(N))
        gains = [found.gain(factor)[0] for factor in FACTORS]
        assert (np.diff(gains) > 0).all()
        assert found.gain(1)[0] == pytest.approx(0, abs=1e-9)

    def test_is_the_difference_of_scores(self):
        found = asked(law(N))
        difference = found.score_at(2 * N[-1])[0] - found.score_at(N[-1])[0]
        assert found.gain()[0] == pytest.approx(difference, abs=2e-3)

    def test_below_what_is_asked_is_less_likely_with_more_data(self):
        found = asked(law(N))
        assert found.probability_of_gain_below(
            0.02, factor=8
        ) <= found.probability_of_gain_below(0.02, factor=2)

    @pytest.mark.parametrize("scores", [law(N), np.full(15, 0.7), law(N[:3])])
    def test_is_below_a_larger_one_with_a_larger_probability(self, scores):
        found = asked(scores)
        asked_of = np.linspace(-0.1, 0.3, 40)
        shares = [found.probability_of_gain_below(g) for g in asked_of]
        assert (np.diff(shares) >= 0).all()
        assert shares[-1] > 0.9


class TestWidth:
    def test_noise_widens(self):
        rng = np.random.default_rng(0)
        noise = rng.standard_normal(len(N))
        calm, noisy = (
            asked(law(N) + s * noise, std_err=s).gain()[1] for s in (0.001, 0.02)
        )
        assert np.ptp(noisy) > 1.5 * np.ptp(calm)

    def test_fewer_held_out_samples_widen(self):
        many, few = (
            forecast_scores(N, law(N), n_held_out=n).gain()[1] for n in (10_000, 100)
        )
        assert np.ptp(few) > 1.2 * np.ptp(many)

    def test_more_samples_narrow(self):
        early, late = (asked(law(N[:k]), N[:k]).gain()[1] for k in (6, 15))
        assert np.ptp(late) < np.ptp(early)

    def test_farther_is_wider(self):
        found = asked(law(N))
        widths = [np.ptp(found.score_at(f * N[-1])[1]) for f in (2, 8, 64)]
        assert widths[0] < widths[1] < widths[2]

    def test_erratic_curves_are_wider(self):
        up_and_down = law(N) + 0.03 * (-1) ** np.arange(len(N))
        smooth, erratic = (asked(s).gain()[1] for s in (law(N), up_and_down))
        assert np.ptp(erratic) > 1.5 * np.ptp(smooth)


CURVES = {
    "one size": law(N[-1:]),
    "two sizes": law(N[-2:]),
    "three sizes": law(N[-3:]),
    "perfect": np.ones(15),
    "perfect from some size on": np.minimum(1, 0.5 + np.arange(15) / 10),
    "nearly perfect": 1 - 1e-9 / np.arange(1, 16),
    "always wrong": np.zeros(15),
    "constant": np.full(15, 0.8),
    "constant, three sizes": np.full(3, 0.8),
    "falling": np.linspace(0.9, 0.5, 15),
    "accelerating": 0.1 + 0.8 * np.linspace(0, 1, 15) ** 4,
    "a late learner": np.where(np.arange(15) < 10, 0.5, 0.9),
    "one outlier": np.where(np.arange(15) == 7, 0.1, law(N)),
    "random": np.random.default_rng(0).random(15),
}


@pytest.mark.filterwarnings("error::RuntimeWarning")
class TestEveryCurve:
    @pytest.mark.parametrize("name", CURVES)
    @pytest.mark.parametrize("std_err", [0.0, 0.01, 0.3])
    def test_has_a_sensible_answer(self, name, std_err):
        assert_sensible(asked(CURVES[name], std_err=std_err), N[-1])

    @pytest.mark.parametrize("name", CURVES)
    def test_has_one_without_any_error(self, name):
        n = N[-len(CURVES[name]) :]
        assert_sensible(forecast_scores(n, CURVES[name]), N[-1])
        found = forecast_scores(n, CURVES[name], n_held_out=200)
        assert_sensible(found, N[-1])

    @pytest.mark.parametrize("name", CURVES)
    def test_has_one_as_r2(self, name):
        scores = 1 - 5 * (1 - CURVES[name])
        found = asked(scores, score_range=(-np.inf, 1))
        assert_sensible(found, N[-1], -np.inf, 1)

    @pytest.mark.parametrize("name", CURVES)
    def test_has_one_as_a_loss(self, name):
        found = asked(CURVES[name] - 1.2, score_range=(-np.inf, 0))
        assert_sensible(found, N[-1], -np.inf, 0)

    @pytest.mark.parametrize("scale", [1e-6, 1e6])
    def test_has_one_in_any_unit(self, scale):
        given = {"score_range": (-np.inf, 0.0)}
        one = asked(law(N) - 1, **given)
        other = asked(scale * (law(N) - 1), std_err=0.003 * scale, **given)
        assert other.gain()[0] == pytest.approx(scale * one.gain()[0], rel=0.05)

    @pytest.mark.parametrize("name", CURVES)
    def test_has_one_with_training_scores_and_correlated_noise(self, name):
        scores = CURVES[name]
        correlation = 0.5 + 0.5 * np.eye(len(scores))
        given = {"train_scores": np.minimum(scores + 0.05, 1)}
        for shared in (correlation, 0.5, np.ones_like(correlation)):
            found = asked(scores, correlation=shared, **given)
            assert_sensible(found, N[-1])

    def test_has_the_same_every_time(self):
        first, second = (asked(law(N)) for _ in range(2))
        assert first.gain() == second.gain()
        before = np.random.get_state()[1].copy()
        asked(law(N)).gain()
        assert (np.random.get_state()[1] == before).all()


class TestWhatIsGiven:
    def test_percent_are_a_hundred_times_as_much(self):
        share = asked(law(N))
        percent = asked(100 * law(N), std_err=0.3, score_range=(0, 100))
        expected, interval = percent.gain()
        assert expected == pytest.approx(100 * share.gain()[0], rel=0.05)
        assert interval == pytest.approx(
            tuple(100 * np.array(share.gain()[1])), rel=0.1, abs=0.05
        )
        assert percent.probability_of_gain_below(1) == pytest.approx(
            share.probability_of_gain_below(0.01), abs=0.02
        )

    def test_order_does_not_matter(self):
        order = np.random.default_rng(0).permutation(len(N))
        errors = np.linspace(0.01, 0.001, len(N))
        sorted_ = forecast_scores(N, law(N), std_err=errors)
        mixed = forecast_scores(N[order], law(N)[order], std_err=errors[order])
        assert mixed.gain()[0] == pytest.approx(sorted_.gain()[0], rel=1e-6)
        assert mixed.gain()[1] == pytest.approx(sorted_.gain()[1], rel=1e-6)

    def test_order_of_a_correlation_does_not_matter(self):
        order = np.random.default_rng(0).permutation(len(N))
        shared = 0.8 ** np.abs(np.subtract.outer(np.arange(15), np.arange(15)))
        errors = np.full(len(N), 0.01)
        sorted_ = forecast_scores(N, law(N), std_err=errors, correlation=shared)
        mixed = forecast_scores(
            N[order],
            law(N)[order],
            std_err=errors,
            correlation=shared[np.ix_(order, order)],
        )
        assert mixed.gain()[0] == pytest.approx(sorted_.gain()[0], rel=1e-6)

    def test_lists_do_as_well(self):
        found = forecast_scores(N.tolist(), law(N).tolist(), std_err=[0.003] * 15)
        assert found.gain() == asked(law(N)).gain()

    def test_scores_that_are_not_known_are_left_out(self):
        scores = law(N)
        scores[[2, 5]] = np.nan
        known = np.isfinite(scores)
        with_holes = forecast_scores(N, scores, std_err=np.full(15, 0.003))
        without = forecast_scores(N[known], scores[known], std_err=np.full(13, 0.003))
        assert with_holes.gain() == without.gain()

    @pytest.mark.parametrize("n", [[], [100, 200]])
    def test_no_score_at_all_is_refused(self, n):
        with pytest.raises(ValueError, match="at least one size"):
            forecast_scores(n, [np.nan] * len(n))

    def test_repeated_sizes_are_more_of_the_same(self):
        n = np.repeat(N[:8], 2)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = asked(law(n), n)
        assert_sensible(found, n[-1])
