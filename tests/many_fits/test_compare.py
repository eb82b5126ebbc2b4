"""Architectures compared. Oracle: scikit-learn's `cross_validate`, called by hand."""

from __future__ import annotations

from functools import partial

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import make_regression
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sufficient import SampleSizeEstimator, compare_architectures, sample_size_scorer
from sufficient.features import ImageFeatures
from sufficient.nets import default_net
from sufficient.reproducibility.arithmetic import one_thread
from tests.same import assert_same_table
from tests.small import SEEDED, small_net

NETS = {
    "linear": small_net(),
    "MLP": small_net(16),
}
BODY = nn.Sequential(
    nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
)
PIPE = make_pipeline(
    ImageFeatures(BODY, image_shape=(1, 8, 8)),
    StandardScaler(),
    SampleSizeEstimator(NETS["linear"], **SEEDED),
)
ALL = {**NETS, "features + head": PIPE}


@pytest.fixture(scope="module")
def compared(digits):
    return compare_architectures(ALL, *digits, cv=2, **SEEDED)


def by_hand(architecture, X, y, cv):
    pipeline = hasattr(architecture, "steps")
    one = architecture if pipeline else SampleSizeEstimator(architecture, **SEEDED)
    with one_thread():
        found = cross_validate(one, X, y, cv=cv, return_estimator=True)
    asked = [est[-1] if pipeline else est for est in found["estimator"]]
    needed = np.array([est.n_samples_needed_ for est in asked], dtype=float)
    return found["test_score"], needed


def assert_rows_by_hand(table, architectures, X, y, cv):
    for name, architecture in architectures.items():
        scores, needed = by_hand(architecture, X, y, cv)
        row, same = table.loc[name], partial(pytest.approx, rel=1e-12, nan_ok=True)
        assert row["score"] == pytest.approx(scores.mean(), rel=1e-12)
        assert row["score_std"] == pytest.approx(scores.std(ddof=1), rel=1e-12)
        assert row["n_samples_needed"] == same(needed.mean())
        assert row["n_samples_needed_std"] == same(needed.std(ddof=1))


class TestFolds:
    def test_means_and_spreads_are_those_of_cross_validate(self, digits, compared):
        assert_rows_by_hand(compared, ALL, *digits, StratifiedKFold(2))
        assert (compared["seconds"] > 0).all()

    def test_a_splitter_is_asked_once_for_all(self, digits):
        shuffled = KFold(3, shuffle=True, random_state=1)
        once = iter(list(shuffled.split(digits[0])))
        table = compare_architectures(NETS, *digits, cv=once, **SEEDED)
        assert_rows_by_hand(table, NETS, *digits, shuffled)

    def test_regressors_are_scored_by_r2_on_plain_folds(self):
        X, y = make_regression(240, 4, noise=1.0, random_state=0)
        hidden = {"module__hidden_sizes": (8,), "lr": 0.01}
        nets = {"MLP": default_net(regression=True, **hidden)}
        table = compare_architectures(nets, X, y, cv=2, **SEEDED)
        assert_rows_by_hand(table, nets, X, y, KFold(2))

    def test_without_folds_the_score_is_that_of_the_part_held_out(self, digits):
        row = compare_architectures(NETS, *digits, **SEEDED).loc["MLP"]
        with one_thread():
            est = SampleSizeEstimator(NETS["MLP"], **SEEDED).fit(*digits)
        assert row["score"] == est.score_curve_[-1]
        assert row["n_samples_needed"] == est.n_samples_needed_
        assert row["verdict"] == est.verdict_
        assert "score_std" not in row

    def test_the_score_of_a_fold_is_by_the_scorer_asked_for(self, digits):
        asked = {**SEEDED, "scoring": "f1_macro"}
        table = compare_architectures({"MLP": NETS["MLP"]}, *digits, cv=2, **asked)
        with one_thread():
            one = SampleSizeEstimator(NETS["MLP"], **SEEDED)
            found = cross_validate(one, *digits, cv=2, scoring="f1_macro")
        assert table["score"].item() == pytest.approx(found["test_score"].mean())


class TestSameForAnyNumberOfJobs:
    @pytest.mark.parametrize("n_jobs", [2, -1])
    def test_in_processes(self, digits, compared, n_jobs):
        table = compare_architectures(ALL, *digits, cv=2, n_jobs=n_jobs, **SEEDED)
        assert_same_table(table, compared)

    def test_in_threads_of_one_process(self, digits, compared):
        with joblib.parallel_config(backend="threading"):
            table = compare_architectures(ALL, *digits, cv=2, n_jobs=3, **SEEDED)
        assert_same_table(table, compared)

    def test_where_a_random_state_is_shared(self, digits):
        # One after another, the fits would take turns with its numbers.
        chosen = {**SEEDED, "random_state": np.random.RandomState(0)}
        nets = {"one": NETS["MLP"], "two": NETS["MLP"]}
        table = compare_architectures(nets, *digits, **chosen)
        assert (table.drop(columns="seconds").nunique(dropna=False) == 1).all()


def test_what_was_given_is_not_touched(digits):
    whole = SampleSizeEstimator(NETS["linear"], **SEEDED)
    compare_architectures({"whole": whole}, *digits, cv=2)
    assert not hasattr(whole, "curve_")
    assert not NETS["linear"].initialized_


@pytest.mark.parametrize(
    ("architectures", "cv", "message"),
    [
        ({}, None, "nothing to compare"),
        (["mlp"], None, "'architectures' parameter"),
        ({"MLP": "mlp"}, 1, "'cv' parameter"),
    ],
)
def test_bad_arguments_are_named(digits, architectures, cv, message):
    with pytest.raises(ValueError, match=message):
        compare_architectures(architectures, *digits, cv=cv)


def test_a_search_over_pipelines_knows_accuracy_and_sample_size(digits):
    grid = {"samplesizeestimator__n_directions": [1, 2]}
    search = GridSearchCV(
        PIPE,
        grid,
        scoring={"accuracy": "accuracy", "n_star": sample_size_scorer},
        refit="accuracy",
        cv=2,
        error_score="raise",
    )
    with one_thread():
        results = search.fit(*digits).cv_results_
    scores, needed = by_hand(PIPE, *digits, 2)
    assert_array_equal([results[f"split{i}_test_n_star"][1] for i in (0, 1)], -needed)
    assert_array_equal([results[f"split{i}_test_accuracy"][1] for i in (0, 1)], scores)
    assert search.best_index_ == results["mean_test_accuracy"].argmax()
