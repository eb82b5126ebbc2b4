"""Oracle: a curve with one thing wrong at a time gets the sentence for it."""

from dataclasses import replace

import numpy as np
import pytest

from sufficient.report.reasons import reasons, weaknesses
from sufficient.results import Gain
from sufficient.settings import Settings
from tests.report.made import Forecast, sound


@pytest.fixture
def said(unsettled):
    def of(training="converged", forecast=..., **wrong):
        curve = sound(unsettled.curve_, **wrong)
        if forecast is not ...:
            curve = replace(curve, score_forecast=forecast)
        settings = replace(Settings.of(unsettled), training=training)
        return list(reasons(curve, settings))

    return of


def test_a_sound_answer_has_no_reason_to_doubt_it(said):
    assert said() == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"quadratic_ratio": 0.025}, "changes 40 times less"),
        ({"delta": 1.1}, "no bound here"),
        ({"n_fresh": 100.0}, "Only 100 fresh samples"),
        ({"n_held_out": 60.0}, "Only 60 samples are held out"),
        ({"gradient_norm": 50.0}, "not at a minimum"),
        ({"negative_curvature": 0.5}, "not at a minimum"),
    ],
)
def test_what_is_wrong_is_said(said, wrong, words):
    (sentence,) = said(**wrong)
    assert words in sentence


@pytest.mark.parametrize(
    ("training", "words"), [("update", "not a number"), ("full", "One net was trained")]
)
def test_a_missing_forecast_has_its_own_reason(said, training, words):
    (sentence,) = said(training, forecast=None)
    assert words in sentence


def test_a_curve_that_may_rise_later_and_one_with_slips_are_named(said):
    (late,) = said(forecast=Forecast(probability_late=0.8))
    assert "plateau" in late and "80 %" in late
    (slips,) = said(forecast=Forecast(outliers=(128.0, 512.0)))
    assert slips.startswith("The score at 128 and 512 samples fits no curve")


def test_a_net_that_nothing_changes_is_told(said):
    nothing = dict.fromkeys(("projected", "delta", "delta_std_err"), 0.0)
    assert said(**nothing)[0].startswith("nothing changes when a batch is added")


@pytest.mark.parametrize(("gain", "told"), [(0.02, 1), (0.001, 0)])
def test_a_net_that_was_still_improving_is_a_warning(unsettled, gain, told):
    curve = sound(unsettled.curve_, training_capped=1.0, n_steps=4096.0)
    curve = replace(curve, gain_from_training=Gain(gain, (0.0, 0.04)))
    found = weaknesses(curve, Settings.of(unsettled))
    assert len([s for s in found if "still improving after 4,096" in s]) == told


def test_negative_curvature_is_a_share_of_the_largest(unsettled):
    columns = unsettled.curves_
    share = (
        np.maximum(-columns["smallest_eigenvalue"], 0) / unsettled.eigenvalues_[:, 0]
    )
    np.testing.assert_allclose(columns["negative_curvature"], share, rtol=1e-6)
