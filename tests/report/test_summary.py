"""Oracle: what is written by hand for every verdict."""

from dataclasses import replace

import pytest

from sufficient.decision.verdict import (
    CANNOT_TELL,
    HAS_NOT_LEARNT,
    MORE_DATA,
    SUFFICIENT,
    TRAIN_LONGER,
)
from sufficient.report.summary import summarise
from sufficient.results import UNKNOWN_GAIN, Gain
from sufficient.settings import TRAININGS, Settings
from tests.report.made import Forecast, sound


@pytest.fixture
def lines(unsettled):
    def of(verdict=MORE_DATA, forecast=..., training=UNKNOWN_GAIN, **columns):
        given = {"n_steps": 3000.0, "validation_score": 0.9, **columns}
        curve = sound(unsettled.curve_, **given)
        forecast = Forecast() if forecast is ... else forecast
        curve = replace(
            curve,
            verdict=verdict,
            score_forecast=forecast,
            gain_from_training=training,
            limited_by="data",
        )
        return summarise(curve, Settings.of(unsettled)).splitlines()

    return of


def test_five_lines_say_one_thing_each(lines):
    starts = [line.split(":")[0] for line in lines()]
    assert starts == ["Verdict", "Score", "Training", "Landscape", "What to do"]


def test_the_gain_stands_beside_the_score(lines):
    assert (
        "twice as many should add +0.020 (90 % interval +0.010 to +0.030)"
        in (lines()[1])
    )


def test_the_verdict_stands_beside_its_probability(lines):
    line = lines(SUFFICIENT, Forecast(0.9))[0]
    assert line == (
        "Verdict: sufficient. With a probability of 90 %, doubling the data adds less "
        "than 0.010 to the accuracy."
    )


@pytest.mark.parametrize(
    ("verdict", "remedy"),
    [
        (HAS_NOT_LEARNT, "look at the net before the data"),
        (TRAIN_LONGER, "train longer, then ask again"),
        (MORE_DATA, "collect more data"),
        (SUFFICIENT, "no more data of this kind"),
        (CANNOT_TELL, "average over seeds"),
    ],
)
def test_every_verdict_has_its_remedy(lines, verdict, remedy):
    found = lines(verdict, validation_score_std_err=1e-4)
    assert found[0].startswith(f"Verdict: {verdict}.")
    assert remedy in found[-1]


@pytest.mark.parametrize("training", TRAININGS)
def test_to_train_longer_names_what_sets_the_steps(unsettled, training):
    curve = sound(unsettled.curve_, n_steps=3000.0, validation_score=0.9)
    curve = replace(curve, verdict=TRAIN_LONGER, score_forecast=Forecast())
    found = summarise(curve, replace(Settings.of(unsettled), training=training))
    knob = "update_epochs" if training == "update" else "max_epochs"
    assert knob in found.splitlines()[-1]


def test_a_noisy_score_is_told_apart_from_one_that_cannot_tell(lines):
    noisy = lines(CANNOT_TELL, validation_score_std_err=0.02)
    assert "hold more samples out" in noisy[-1]


def test_what_longer_training_adds_is_said_where_it_is_known(lines):
    assert "twice as many" not in lines()[2]
    assert "no better weights" in lines(training=Gain(0.0, (0.0, 0.0)))[2]
    line = lines(training=Gain(0.005, (-0.001, 0.011)))[2]
    assert "3,000 steps; twice as many add +0.005 (-0.001 to +0.011)" in line


def test_a_void_answer_is_said_in_place_of_the_advice(lines):
    nothing = dict.fromkeys(("projected", "delta", "delta_std_err"), 0.0)
    assert lines(**nothing)[-1].startswith("Take care: nothing changes")


def test_without_a_forecast_none_is_made_up(lines):
    found = lines(CANNOT_TELL, None)
    assert "There is no forecast of the score" in found[0]
    assert "twice as many" not in found[1]
