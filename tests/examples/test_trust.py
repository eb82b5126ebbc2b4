"""Oracles: the estimator itself, curves of a known law, and counts by hand."""

import numpy as np
import pandas as pd
import pytest

from examples.studies.common.pages import markdown
from examples.studies.trust.forecasts import forecasts
from examples.studies.trust.pairs import PAIRS
from examples.studies.trust.repeatability import repeatability
from examples.studies.trust.replay import (
    first_passage,
    gain_at,
    settled_at,
    true_gain,
    verdict_at,
)
from examples.studies.trust.results import PARTS
from examples.studies.trust.tables import TABLES
from examples.studies.trust.traces import Trace, Variant, load_trace, trace_run
from examples.studies.trust.work import FULL, SMALL, Work
from sufficient import SampleSizeEstimator
from sufficient.datasets import load_fashion_mnist, load_mnist

PAIR = next(pair for pair in PAIRS if pair.name == "digits / logistic")
N = np.round(256 * 1.13 ** np.arange(34))


def trace_of(seed=0, **columns):
    columns = {"train_size": N, **columns}
    return Trace("made up", seed, columns, np.zeros((len(N), 4)), 1.0)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_replayed_trace_says_what_the_estimator_says(tmp_path):
    run = trace_run(PAIR, 0, tmp_path, Variant(settings={"n_monte_carlo": 4}))
    trace, again = load_trace(run), load_trace(run)
    np.testing.assert_array_equal(trace.apart, again.apart)
    data = PAIR.load()
    est = SampleSizeEstimator(
        PAIR.estimator(), tol=0.025, n_monte_carlo=4, n_candidates=1, random_state=0
    ).fit(data.X, data.y)
    forecast = est.curve_.forecast
    assert est.converged_ and settled_at(trace).n_samples == forecast.n_samples
    last = len(forecast.smoothed) - 1
    assert verdict_at(trace, last, gain_at(trace, last)) == est.verdict_
    assert trace.columns["test_score"][last] == est.score(data.X_test, data.y_test)


def test_only_runs_that_are_not_kept_need_their_data(tmp_path):
    work = Work(FULL, tmp_path)
    repeats = PARTS["repeatability"].to_run(work)
    assert {load_mnist, load_fashion_mnist, None} == {
        run.pair.loader for run in repeats
    }
    repeats[0].path.touch()
    assert PARTS["repeatability"].to_run(work) == repeats[1:]
    assert not PARTS["independence"].to_run(Work(SMALL, tmp_path))


def test_the_true_gain_of_a_straight_curve_is_its_slope():
    scores = 0.3 + 0.05 * np.log2(N)
    traces = [trace_of(test_score=scores + shift) for shift in (-0.1, 0.1)]
    assert true_gain(traces, 1024) == pytest.approx(0.05)


def test_the_papers_rule_takes_the_first_number_below():
    eigenvalue = np.where(N > 2000, 0.001, 1.0)
    eigenvalue[3] = 0.02
    assert first_passage(trace_of(eigenvalue=eigenvalue)) == N[3]
    assert first_passage(trace_of(eigenvalue=np.ones(34))) is None


def test_forecasts_of_an_exact_law_are_exact_and_covered():
    projected = 0.025 * (4000 / N) ** 2.6
    rows = forecasts(PAIR, [trace_of(projected=projected)])
    assert {row["share"] for row in rows} == {2, 4}
    assert all(row["covered"] and abs(row["error"]) < 0.02 for row in rows)


def test_the_spread_is_that_of_the_crossings():
    sizes = np.array([3000, 4000, 5000])
    traces = [
        trace_of(
            seed,
            batch_count=N / 64,
            projected=0.025 * (n / N) ** 2.6,
            delta=0.0025 * (n / N) ** 2.1,
            eigenvalue=np.ones(34),
        )
        for seed, n in enumerate(sizes)
    ]
    found = repeatability(PAIR, traces)
    assert found["n_star_reached"] == 3 and found["papers_rule"] is None
    assert found["n_star_cv"] == pytest.approx(sizes.std(ddof=1) / 4000, rel=0.05)


def test_verdicts_are_counted():
    states = pd.DataFrame(
        {
            "pair": "one",
            "chosen_on": False,
            "held out": "default",
            "gain": [0.0, 0.0, 0.02, 0.02],
            "verdict": ["sufficient", "not stable yet", "sufficient", "has not learnt"],
        }
    )
    _, verdicts = TABLES["verdicts"]
    table = verdicts(states)
    assert table["wrongly so"].tolist() == ["50% (1 of 2)"]
    assert table["said, of all that should"].tolist() == ["50% (1 of 2)"]
    assert table["of those that had settled"].tolist() == ["100% (1 of 1)"]
    assert markdown(table).splitlines()[1].count("---") == table.shape[1]
