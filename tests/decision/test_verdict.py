"""Verdict and limits. Oracle: a table of cases, written by hand."""

from __future__ import annotations

import itertools
from math import inf, nan

import pytest

from sufficient.decision.verdict import (
    CANNOT_TELL,
    HAS_NOT_LEARNT,
    MORE_DATA,
    SUFFICIENT,
    TRAIN_LONGER,
    VERDICTS,
    limited_by,
    verdict_of,
)
from sufficient.results import UNKNOWN_GAIN, Gain


class Forecast:
    """Known probabilities: that a doubling adds less than half a point, or than one."""

    def __init__(self, probability, expected=0.02):
        self.probability, self.expected = probability, expected

    def gain(self, factor=2):
        assert factor == 2
        return self.expected, (self.expected - 0.1, self.expected + 0.1)

    def probability_of_gain_below(self, min_gain, factor=2):
        assert (min_gain, factor) == (0.01, 2)
        return self.probability


SURE, OPEN, SURELY_NOT = Forecast(0.9, 0.001), Forecast(0.5, 0.01), Forecast(0.1, 0.02)
NOTHING = Gain(0.0, (-0.001, 0.001))
NOISE = Gain(0.03, (-0.01, 0.07))
LITTLE = Gain(0.005, (0.004, 0.006))
MUCH = Gain(0.03, (0.02, 0.04))
AS_DATA = Gain(0.015, (0.01, 0.02))
LOSS = Gain(-0.03, (-0.04, -0.02))


def verdict(forecast, training=NOTHING, above_chance=5.0):
    return verdict_of(forecast, training, min_gain=0.01, above_chance=above_chance)


@pytest.mark.parametrize(
    ("forecast", "training", "above_chance", "expected"),
    [
        (SURE, NOTHING, 5, SUFFICIENT),
        (OPEN, NOTHING, 5, CANNOT_TELL),
        (SURELY_NOT, NOTHING, 5, MORE_DATA),
        (None, NOTHING, 5, CANNOT_TELL),
        # What is no better than a constant answer has not learnt, whatever else.
        (SURE, NOTHING, 1.9, HAS_NOT_LEARNT),
        (SURELY_NOT, MUCH, 0, HAS_NOT_LEARNT),
        (None, NOTHING, -3, HAS_NOT_LEARNT),
        (SURE, NOTHING, nan, HAS_NOT_LEARNT),
        (SURE, NOTHING, inf, SUFFICIENT),
        # Training first, where it adds what counts, surely, and more than data.
        (SURE, MUCH, 5, TRAIN_LONGER),
        (SURELY_NOT, MUCH, 5, TRAIN_LONGER),
        (None, MUCH, 5, TRAIN_LONGER),
        (SURELY_NOT, AS_DATA, 5, MORE_DATA),
        (SURE, LITTLE, 5, SUFFICIENT),
        (SURE, NOISE, 5, SUFFICIENT),
        (SURELY_NOT, LOSS, 5, MORE_DATA),
        (SURE, UNKNOWN_GAIN, 5, SUFFICIENT),
        (SURELY_NOT, UNKNOWN_GAIN, 5, MORE_DATA),
    ],
)
def test_the_verdict_is_that_of_the_table(forecast, training, above_chance, expected):
    assert verdict(forecast, training, above_chance) == expected


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (0.0, MORE_DATA),
        (0.29, MORE_DATA),
        (0.31, CANNOT_TELL),
        (0.69, CANNOT_TELL),
        (0.71, SUFFICIENT),
        (1.0, SUFFICIENT),
    ],
)
def test_something_is_said_from_a_probability_of_0_7_on(probability, expected):
    assert verdict(Forecast(probability)) == expected


def test_every_case_has_one_of_five_verdicts():
    forecasts = SURE, OPEN, SURELY_NOT, None
    gains = NOTHING, NOISE, LITTLE, MUCH, AS_DATA, LOSS, UNKNOWN_GAIN
    chances = -1, 0, 2, 2.1, nan, inf
    found = {verdict(*case) for case in itertools.product(forecasts, gains, chances)}
    assert found == set(VERDICTS) and len(VERDICTS) == 5


@pytest.mark.parametrize(
    ("forecast", "training", "width", "expected"),
    [
        (SURE, NOTHING, NOTHING, "net, features or labels"),
        (OPEN, NOTHING, NOTHING, "cannot tell yet"),
        (SURELY_NOT, NOTHING, NOTHING, "data"),
        (SURE, MUCH, NOTHING, "training"),
        (OPEN, MUCH, NOTHING, "training"),
        (SURELY_NOT, MUCH, NOTHING, "data and training"),
        (SURE, NOTHING, MUCH, "net"),
        (SURELY_NOT, NOTHING, MUCH, "data and net"),
        (SURE, MUCH, MUCH, "training and net"),
        (SURELY_NOT, MUCH, MUCH, "data and training and net"),
        # Not enough to count, or not surely.
        (SURE, LITTLE, NOISE, "net, features or labels"),
        (SURELY_NOT, NOISE, LITTLE, "data"),
        (OPEN, LOSS, LOSS, "cannot tell yet"),
        (SURE, UNKNOWN_GAIN, UNKNOWN_GAIN, "net, features or labels"),
        (None, MUCH, MUCH, "cannot tell yet"),
    ],
)
def test_the_limit_is_that_of_the_table(forecast, training, width, expected):
    assert limited_by(forecast, training, width, 0.01) == expected
