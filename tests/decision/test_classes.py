"""Forecasts of classes, and budgets. Oracles: `forecast_scores`, and scipy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from sufficient import forecast_scores
from sufficient.decision.class_budget import best_split
from sufficient.decision.class_scores import ClassScores
from sufficient.results import UNKNOWN_GAIN

SIZES = np.array([125.0, 250, 500, 1000, 2000])
SHARES = np.array([0.45, 0.45, 0.1])
NAMES = np.array(["common", "easy", "rare"])


def made(lacking=(1.0, 0.5, 4.0), n_held_out=500, shares=SHARES):
    """Classes, of which each lacks so much, times the root of its own size."""
    n_train = np.outer(SIZES, shares)
    return ClassScores(
        classes=NAMES[: len(shares)],
        sizes=SIZES,
        scores=1 - np.array(lacking) / np.sqrt(n_train + 10),
        n_held_out=np.broadcast_to(
            np.round(n_held_out * np.array(shares)), n_train.shape
        ),
        n_train=n_train,
    )


class TestGains:
    def test_are_those_of_the_forecast_of_each_column(self):
        given = made()
        for c, found in enumerate(given.gains):
            alone = forecast_scores(
                SIZES, given.scores[:, c], n_held_out=int(given.n_held_out[-1, c])
            )
            assert found == alone.gain()

    def test_of_few_held_out_samples_are_wide(self):
        low_high = [made(n_held_out=n).gains[2].interval for n in (5000, 500, 50)]
        widths = [high - low for low, high in low_high]
        assert widths[0] < widths[1] < widths[2]

    def test_are_not_known_of_a_class_that_is_not_held_out(self):
        given = made()
        given.scores[:, 1] = np.nan
        known = [one.expected == one.expected for one in given.gains]
        assert known == [True, False, True]

    def test_of_a_class_held_out_late_are_those_of_the_later_sizes(self):
        given = made()
        given.scores[:2, 1] = np.nan
        alone = forecast_scores(SIZES[2:], given.scores[2:, 1], n_held_out=225)
        assert given.gains[1] == alone.gain()

    def test_leave_out_the_sizes_at_which_the_class_was_not_found_yet(self):
        given = made()
        given.scores[:2, 2] = 0
        alone = forecast_scores(SIZES[2:], given.scores[2:, 2], n_held_out=50)
        assert given.gains[2] == alone.gain()

    def test_are_small_of_a_class_that_was_never_found(self):
        given = made()
        given.scores[:, 2] = 0
        expected, (low, high) = given.gains[2]
        assert low <= expected <= high <= 1
        assert abs(expected) < 0.01

    def test_are_not_known_of_one_net(self):
        assert replace(made(), has_forecast=False).gains == (UNKNOWN_GAIN,) * 3


class TestBudget:
    def test_the_rare_and_hard_class_is_named_first(self):
        found = made().label_next(100)
        assert next(iter(found)) == "rare"
        assert found["rare"] == max(found.values())
        assert sum(found.values()) == 100

    @pytest.mark.parametrize("budget", [3, 40, 500])
    def test_every_draw_is_split_in_the_best_way(self, budget):
        rng = np.random.default_rng(0)
        gains, n = rng.gamma(1.0, 0.02, (5, 4)), np.array([10, 40, 160, 90])
        for found, gain in zip(best_split(gains, n, 3 * n, budget), gains, strict=True):
            best = optimize.minimize(
                lambda m, gain=gain: -gain @ np.log2(1 + m / n),
                np.full(4, budget / 4),
                bounds=optimize.Bounds(0, 3 * n),
                constraints=optimize.LinearConstraint(np.ones((1, 4)), budget, budget),
                options={"ftol": 1e-12, "maxiter": 500},
            )
            assert found.sum() == pytest.approx(budget)
            assert gain @ np.log2(1 + found / n) == pytest.approx(-best.fun, rel=1e-4)

    @pytest.mark.parametrize("n", [20, 200])
    def test_classes_that_cannot_be_told_apart_share_it(self, n):
        given = made(lacking=(1.0, 1.03), shares=(0.5, 0.5))
        rng = np.random.default_rng(1)
        given = replace(given, scores=rng.binomial(250, given.scores) / 250)
        assert min(given.label_next(n).values()) >= 0.25 * n

    def test_a_class_that_clearly_gains_most_gets_nearly_all(self):
        found = made(lacking=(8.0, 0.1), shares=(0.5, 0.5)).label_next(100)
        assert found["common"] >= 90

    def test_a_class_gets_no_more_than_its_forecast_carries(self):
        found = made().label_next(10**6)
        most = 3 * made().n_train[-1]
        assert [found[name] for name in NAMES] == most.tolist()

    def test_a_class_that_was_never_trained_on_counts_as_if_it_had_one_sample(self):
        given = made()
        given.n_train[:, 2], given.scores[:, 2] = 0, 0.0
        assert given.label_next(100)["rare"] <= 3

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("n", [1, 7, 101, 250])
    def test_every_sample_is_given_to_a_class(self, n):
        assert sum(made().label_next(n).values()) == n

    def test_a_class_that_is_not_held_out_is_named(self):
        given = made()
        given.scores[:, 1] = np.nan
        with pytest.warns(UserWarning, match=r"too few held-out samples \(easy\)"):
            found = given.label_next(100)
        assert [*found][-1] == "easy"
        assert found["easy"] == 0
        assert sum(found.values()) == 100

    def test_without_any_forecast_there_is_no_answer(self):
        given = made()
        given.scores[:] = np.nan
        with pytest.raises(ValueError, match="no forecast"):
            given.label_next(100)

    @pytest.mark.parametrize("n", [0, -5, 2.5, np.nan, np.inf])
    def test_a_budget_is_a_whole_number(self, n):
        with pytest.raises(ValueError, match="whole number of at least 1"):
            made().label_next(n)
