"""Oracle: a curve with one thing wrong at a time gets the sentence for it."""

from dataclasses import replace

import numpy as np
import pytest
from sufficient.report.diagnostics import diagnoses

from sufficient.settings import Settings

SOUND = {
    "quadratic_ratio": 0.9,
    "delta": 0.9,
    "delta_std_err": 0.01,
    "projected": 1.0,
    "n_fresh": 2048,
    "gradient_norm": 0.01,
    "train_loss": 0.3,
    "fresh_loss": 0.4,
    "negative_curvature": 0.01,
}


def said(unsettled, **wrong):
    columns = {
        name: np.append(column[:-1], {**SOUND, **wrong}.get(name, column[-1]))
        for name, column in unsettled.curves_.items()
    }
    verdict = wrong.get("verdict", "not stable yet")
    curve = replace(unsettled.curve_, columns=columns, verdict=verdict)
    return list(diagnoses(curve, Settings.of(unsettled)))


def test_a_sound_answer_has_only_its_measurements(unsettled):
    (sentence,) = said(unsettled)
    assert "0.3 on seen and 0.4 on fresh" in sentence


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"quadratic_ratio": 0.025}, "changes 40 times less"),
        ({"delta": 1.1}, "no bound here"),
        ({"n_fresh": 100}, "only 100 fresh samples"),
        ({"gradient_norm": 50.0}, "not at a minimum"),
        ({"negative_curvature": 0.5}, "not at a minimum"),
        ({"fresh_loss": 3.0}, "10.0 times that on seen ones"),
        ({"verdict": "has not learnt"}, "learnt nothing is flat"),
    ],
)
def test_what_is_wrong_is_said(unsettled, wrong, words):
    first, *others = said(unsettled, **wrong)
    assert len(others) == 1 and words in others[0]
    assert words not in first


@pytest.mark.parametrize(
    ("training", "words"), [("update", "not a number"), ("full", "one net was trained")]
)
def test_a_missing_forecast_has_its_own_reason(unsettled, training, words):
    gain = replace(unsettled.curve_.gain, expected=np.nan)
    settings = replace(Settings.of(unsettled), training=training)
    sentences = diagnoses(replace(unsettled.curve_, gain=gain), settings)
    assert any(words in sentence for sentence in sentences)


def test_negative_curvature_is_a_share_of_the_largest(unsettled):
    columns = unsettled.curves_
    share = (
        np.maximum(-columns["smallest_eigenvalue"], 0) / unsettled.eigenvalues_[:, 0]
    )
    np.testing.assert_allclose(columns["negative_curvature"], share, rtol=1e-6)


def test_a_net_that_nothing_changes_is_told(unsettled):
    nothing = {"quadratic_ratio": np.nan, "level_share": np.nan}
    nothing |= dict.fromkeys(("projected", "delta", "delta_std_err"), 0.0)
    first, *rest = said(unsettled, **nothing)
    assert first.startswith("Nothing changes when a batch is added")
    assert not rest


def test_a_likelihood_below_zero_is_not_memorised(unsettled):
    assert len(said(unsettled, train_loss=-2.0, fresh_loss=-1.9)) == 1
