"""Targets and rounds. Oracles: the draws themselves, and brute force."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import numpy as np
import pytest

from sufficient import forecast_scores
from sufficient.decision.rounds import Costs, best_batch
from sufficient.decision.targets import first_size

N = np.array([125, 250, 500, 1000, 2000])


@pytest.fixture(scope="module")
def forecast():
    return forecast_scores(N, 0.9 - 3 * N**-0.5, n_held_out=10_000)


class TestSamplesFor:
    def test_one_fit_reaches_the_target_there_as_often_as_was_asked(self, forecast):
        for assurance in (0.5, 0.8, 0.9):
            n = forecast.samples_for(0.835, assurance)
            reached = forecast.probability_of_reaching(0.835, n)
            assert reached == pytest.approx(assurance, abs=0.02)

    def test_grows_with_target_and_assurance(self, forecast):
        targets = [forecast.samples_for(t, 0.5) for t in (0.75, 0.8, 0.83, 0.85)]
        assert all(low < high for low, high in pairwise(targets))
        sure = [forecast.samples_for(0.83, p) for p in (0.3, 0.5, 0.7, 0.9)]
        assert all(low < high for low, high in pairwise(sure))

    def test_a_target_that_was_reached_lies_within_the_data(self, forecast):
        assert 125 <= forecast.samples_for(0.75) < 2000

    def test_out_of_reach_says_why(self, forecast):
        with pytest.warns(UserWarning, match="16 times the data.* 32,000 samples"):
            assert forecast.samples_for(0.99) is None

    def test_far_away_is_an_order_of_magnitude(self, forecast):
        with pytest.warns(UserWarning, match="order of magnitude"):
            assert forecast.samples_for(0.875, 0.5) > 4 * 2000

    def test_a_line_in_log_size_lies_between_two_sizes(self):
        reached = np.array([[False, True], [False, True], [False, False]])
        found = first_size(np.array([100.0, 400.0]), reached, 1 / 3)
        assert found == pytest.approx(200)
        assert first_size(np.array([100.0, 400.0]), reached, 0.9) is None


def test_more_samples_add_what_the_scores_differ_by(forecast):
    assert forecast.gain_from(2000) == forecast.gain(2)
    assert forecast.gain_from(0)[0] == 0


def cheapest(sizes, unreached, n, costs):
    """Least expected cost of all plans of two rounds or fewer, by trying them."""
    ahead = [s for s in sizes if n < s <= 4 * n]
    beyond = dict(zip(sizes, unreached, strict=True)) | {n: 1.0}

    def one_round(start, stop):
        return costs.per_sample * (stop - start) + costs.per_round

    plans = {(): costs.value}
    for first in ahead:
        missed = beyond[first]
        plans[(first,)] = one_round(n, first) + missed * costs.value
        for second in (s for s in sizes if first < s <= 4 * first):
            more = one_round(first, second) + beyond[second] / missed * costs.value
            plans[first, second] = (
                one_round(n, first) + missed * more if missed else inf
            )
    return min(plans, key=plans.get)


class TestNextBatch:
    @pytest.mark.parametrize("value", [30.0, 300.0, 3000.0])
    @pytest.mark.parametrize("per_round", [5.0, 100.0])
    def test_is_the_best_of_all_plans(self, value, per_round):
        """Three sizes ahead, so that no plan has more than two rounds that pay."""
        sizes, unreached = np.array([150.0, 250.0, 390.0]), np.array([0.7, 0.3, 0.02])
        costs = Costs(1.0, per_round, value)
        plan = cheapest(sizes, unreached, 100.0, costs)
        found = best_batch(sizes, np.array([0.7, 0.3, 0.02]), 100.0, costs)
        assert found == (plan[0] - 100 if plan else 0)

    def test_dear_rounds_make_large_batches(self, forecast):
        batches = [
            forecast.next_batch(0.85, cost_of_round=cost) for cost in (1, 100, 3000)
        ]
        assert batches == sorted(batches) and batches[0] < batches[-1]
        assert batches[-1] <= 3 * 2000

    def test_nothing_is_labelled_for_a_target_that_is_reached(self, forecast):
        assert forecast.next_batch(0.7) == 0

    def test_nothing_is_labelled_for_what_is_not_worth_it(self, forecast):
        assert forecast.next_batch(0.88, value_of_target=10) == 0
        assert forecast.next_batch(0.88) > 0
