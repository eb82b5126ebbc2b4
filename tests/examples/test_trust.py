"""The trust study. Oracles: the estimator itself, exact laws, and counts by hand."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from examples.studies.trust.__main__ import tables_of
from examples.studies.trust.baselines import FALLS, GAINS, quarter_of_the_gap
from examples.studies.trust.formats import share, share_between
from examples.studies.trust.measures import (
    calibration,
    coverage_of,
    errors_of,
    n_star_forecasts,
    n_star_spread,
    not_learnt,
    sufficient,
    twice_the_steps,
    unused,
)
from examples.studies.trust.pairs import CHOSEN, REPORTED, named
from examples.studies.trust.runs import run_all
from examples.studies.trust.scale import FULL, SMALL
from examples.studies.trust.states import states
from examples.studies.trust.work import PARTS, Fit, Work
from sufficient import SampleSizeEstimator

PAIR = named("redundant features / logistic")
TINY = replace(SMALL, pairs=(PAIR,), before=(PAIR,), covered=())
COLUMNS = {
    "train_size": [128, 256, 512],
    "validation_score": [0.6, 0.7, 0.8],
    "calibrated_loss": [0.9, 0.7, 0.5],
    "calibrated_train_loss": [0.1, 0.1, 0.1],
    "training_capped": [0, 0, 0],
}
SAID = {
    "verdict": "sufficient",
    "limited_by": "data",
    "probability": 0.9,
    "gain": 0.02,
    "gain_low": 0.0,
    "gain_high": 0.03,
    "loss_fall": 0.1,
    "loss_unit": 1.0,
    "test_loss": 0.5,
    "above_constant": 9.0,
    "settled": True,
    "at_most": False,
    "n_star": 400.0,
    "n_needed": 400.0,
    "n_needed_low": 300.0,
    "n_needed_high": 500.0,
}


def fit(n, score, seed=0, pair=PAIR, twice=None, **said):
    """A fit whose test score, and that after twice the steps, are given."""
    found = {
        **SAID,
        "n_train": n - 128,
        "test_scores": np.full(4, score),
        "twice_scores": np.full(4, score if twice is None else twice),
        **{f"column {name}": values for name, values in COLUMNS.items()},
        **said,
    }
    arrays = {name: np.array(value) for name, value in found.items()}
    return Fit(pair, seed, n, "", arrays)


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """The smallest study, with all its fits."""
    work = Work(TINY, tmp_path_factory.mktemp("trust"))
    for part in ("fits", "before", "to_the_end"):
        run_all(PARTS[part](work), work.folder)
    return work


def test_what_is_kept_is_what_the_estimator_says(work):
    small, large = work.fits()
    data = PAIR.load()
    est = SampleSizeEstimator(PAIR.estimator(), random_state=0)
    est.fit(*data.given(640, 0))
    assert (small["verdict"], small["n_train"]) == (est.verdict_, est.n_train_)
    assert small["gain"] == est.gain_from_data_.expected
    score = est.score(data.X_test, data.y_test)
    assert small.found["test_scores"][0] == score > 0.7
    assert 0.4 < small["constant_score"] < 0.6
    assert large.n == 1280 and large["n_train"] > small["n_train"]


def test_the_tables_are_made_of_the_fits(work):
    small, large = work.fits()
    tables = tables_of(work)
    scores = [f"{100 * one.found['test_scores'][0]:.1f}" for one in (small, large)]
    assert ", ".join(scores) in tables["pairs"]
    line = next(row for row in tables["gains"].splitlines() if "no gain" in row)
    gain = large.found["test_scores"][0] - small.found["test_scores"][0]
    assert f"| {abs(100 * gain):.2f} |" in line
    assert "| gain: mean abs. error | ≤ 0.80 points | 1.28 |" in tables["targets"]
    assert len(tables["before"].splitlines()) == 5
    both = tables["side_by_side"].splitlines()[2:]
    assert [line.split(" | ")[:2] for line in both] == [
        ["| update", "1"],
        ["| converged", "1"],
    ]
    assert f"| {100 * gain:.2f} |" in both[1]
    assert "chosen on" not in tables["targets"]


def test_what_is_kept_is_not_made_again(work, capsys):
    run_all(PARTS["fits"](work), work.folder)
    assert not capsys.readouterr().out
    assert work.complete_seeds(work.fits()) == {0}


def test_no_run_begins_after_its_time(tmp_path):
    work = Work(TINY, tmp_path)
    run_all(PARTS["fits"](work), tmp_path, until=time.time() - 1)
    assert not list(tmp_path.iterdir()) and not work.fits()


def test_a_data_set_is_on_one_side_only():
    assert not {pair.data for pair in CHOSEN} & {pair.data for pair in REPORTED}
    assert all(pair.chosen_on for pair in CHOSEN)
    assert not any(pair.chosen_on for pair in REPORTED)
    assert {*FULL.covered, *FULL.varied, *FULL.before} <= {*CHOSEN, *REPORTED}


def test_fewer_samples_are_part_of_more_and_apart_from_the_test_set():
    data = PAIR.load()
    few, many = data.given(640, 3)[0], data.given(1280, 3)[0]
    np.testing.assert_array_equal(few, many[:640])
    rows = {row.tobytes() for row in data.X}
    assert not any(row.tobytes() in rows for row in data.X_test)


N = np.array([128, 256, 512, 1024, 2048])


def test_simple_forecasts_of_an_exact_law():
    scores, losses = 0.9 - 4 * N**-0.7, 0.2 + 4 * N**-0.7
    gain = 4 * (2048**-0.7 - 4096**-0.7)
    last = 4 * (1024**-0.7 - 2048**-0.7)
    wanted = [gain, last / 2, last, 0]
    found = [rule(N, scores) for rule in GAINS.values()]
    np.testing.assert_allclose(found, wanted, rtol=1e-3)
    assert FALLS["power law"](N, losses) == pytest.approx(gain, rel=1e-3)
    assert quarter_of_the_gap(losses, losses - 0.4) == pytest.approx(0.1)


def test_a_power_law_of_a_level_curve_gains_nothing():
    assert GAINS["bounded power law"](N, np.full(5, 0.8)) == pytest.approx(0, abs=1e-4)


def test_the_truth_is_the_mean_of_the_seeds():
    scores = {(640, 0): 0.70, (1280, 0): 0.74, (640, 1): 0.70, (1280, 1): 0.72}
    fits = [fit(n, score, seed) for (n, seed), score in scores.items()]
    found = states([*fits, fit(2560, 0.75)])
    first = found[found["n"] == 640]
    np.testing.assert_allclose(first["gain"], 0.03)
    np.testing.assert_allclose(first["own_gain"], [0.04, 0.02])
    np.testing.assert_allclose(first["gain_std_err"], 0.01)
    assert found["is_largest"].tolist() == [False, False, True]
    assert found[found["n"] == 1280]["seeds"].tolist() == [1]
    errors = errors_of(first, "gain", "gain")
    assert errors["mean"]["sufficient"] == pytest.approx(0.01)
    assert errors["bias"]["no gain"] == pytest.approx(-0.03)


def test_verdicts_are_counted():
    frame = pd.DataFrame(
        {
            "said_verdict": ["sufficient", "sufficient", "more data helps"] * 2,
            "said_probability": [0.9, 0.9, 0.1, 0.95, 0.85, np.nan],
            "said_gain_low": 0.0,
            "said_gain_high": 0.03,
            "gain": [0.0, 0.011, 0.02, 0.001, 0.05, 0.009],
            "gain_std_err": 0.002,
        }
    )
    found = sufficient(frame)
    assert (found["said"], found["wrong"], found["clearly_wrong"]) == (4, 2, 1)
    assert (found["right"], found["true"]) == (2, 3)
    frame.loc[5, "said_verdict"] = "has not learnt"
    assert sufficient(frame)["true_and_learnt"] == 2
    assert coverage_of(frame)["covers"] == pytest.approx(5 / 6)
    bins = calibration(frame)
    assert bins["states"].tolist() == [1, 0, 0, 0, 4]
    assert bins["true"].iloc[-1] == 0.5


def test_what_a_fit_leaves_unused():
    fits = [fit(640, 0.80, twice=0.81), fit(1280, 0.79), fit(1280, 0.9, seed=1)]
    np.testing.assert_allclose(unused(fits, fits), [0.01, 0.02, 0])
    assert twice_the_steps(fits[:1])["change"].iloc[0] == pytest.approx(0.01)


def test_has_not_learnt_is_wrong_far_above_a_constant_answer():
    said = {"verdict": "has not learnt"}
    fits = [
        fit(640, 0.5, above_constant=0.5, **said),
        fit(640, 0.6, above_constant=4.0, **said),
        fit(640, 0.5, above_constant=-1.0),
    ]
    assert not_learnt(fits) == {
        "fits": 3,
        "said": 2,
        "wrong": 1,
        "below_constant_unsaid": 1,
    }


def test_the_spread_of_n_star_is_that_of_the_seeds():
    sizes = [300.0, 400.0, 500.0]
    fits = [fit(1280, 0.8, seed, n_star=n) for seed, n in enumerate(sizes)]
    found = n_star_spread([*fits, fit(640, 0.8), fit(2560, 0.8)])
    assert found["cv"].tolist() == [0.25] and found["size"].tolist() == [3]
    assert not len(n_star_spread(fits[:2]))


def test_a_forecast_of_n_star_is_compared_with_the_next_fit_that_settled():
    early = fit(640, 0.8, settled=False, n_needed=900.0, n_needed_high=950.0)
    open_ = fit(640, 0.8, 1, settled=False, n_needed=900.0, n_needed_high=np.nan)
    later = [fit(1152, 0.8, s, n_star=1000.0) for s in range(2)]
    found = n_star_forecasts([early, open_, *later, fit(2560, 0.8)])
    np.testing.assert_allclose(found["error"], -0.1)
    assert found["covered"].tolist() == [False, True]
    assert found["times"].tolist() == [2, 2]


def test_shares_say_how_few_they_rest_on():
    assert share(1, 4) == "25 % (1 of 4)" and share(0, 0) == "none"
    assert share_between(0, 10) == "0.0 % (0 of 10; 0 to 28 %)"
