"""Repeats over seeds. Oracles: single fits, textbook formulas for their spread."""

from __future__ import annotations

import statistics
from concurrent.futures import CancelledError

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info

from sufficient import (
    MLP,
    SampleSizeEstimator,
    compare_architectures,
    forecast_scores,
    repeat_sample_size,
)
from sufficient.many_fits.repeats import RepeatedSampleSize
from sufficient.many_fits.side_by_side import side_by_side
from sufficient.nets import default_net
from sufficient.reproducibility.arithmetic import one_thread
from tests.same import assert_same_table
from tests.small import SMALL, small_net

NET = small_net(16)


class Counting(MLP):
    threads: tuple[int, ...] = ()

    def forward(self, X):
        Counting.threads += (torch.get_num_threads(),)
        return super().forward(X)


def threads_in_use():
    """Of torch, and of every library that numpy and scipy compute with."""
    pools = {pool["num_threads"] for pool in threadpool_info()}
    return {torch.get_num_threads(), *pools}


def cancelled():
    """What Dask says of a fit whose data are gone."""
    raise CancelledError


class Failing(MLP):
    def forward(self, X):
        raise MemoryError("no room")


@pytest.fixture(scope="module")
def repeats(digits):
    return repeat_sample_size(NET, *digits, n_repeats=3, random_state=0, **SMALL)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def assert_same_runs(first, second):
    assert_same_table(first.runs, second.runs)


class TestSameAnswerEverywhere:
    @pytest.mark.parametrize("n_jobs", [1, 2, -1])
    def test_for_any_number_of_jobs(self, digits, repeats, n_jobs):
        found = repeat_sample_size(
            NET, *digits, n_repeats=3, n_jobs=n_jobs, random_state=0, **SMALL
        )
        assert_same_runs(found, repeats)

    @pytest.mark.parametrize("backend", ["threading", "multiprocessing"])
    def test_for_other_backends(self, digits, repeats, backend):
        # In threads without a lock the fits draw from torch's one generator in turns.
        with joblib.parallel_config(backend=backend):
            found = repeat_sample_size(
                NET, *digits, n_repeats=3, n_jobs=3, random_state=0, **SMALL
            )
        assert_same_runs(found, repeats)

    def test_for_any_number_of_threads(self, digits, repeats, two_threads):
        found = repeat_sample_size(NET, *digits, n_repeats=3, random_state=0, **SMALL)
        assert_same_runs(found, repeats)

    def test_architectures_are_compared_alike_in_threads(self, digits):
        nets = dict.fromkeys(["one", "two", "three"], NET)
        with joblib.parallel_config(backend="threading"):
            table = compare_architectures(
                nets, *digits, n_jobs=3, random_state=0, **SMALL
            )
        assert (table.drop(columns="seconds").nunique(dropna=False) == 1).all()

    def test_cross_validation_in_threads_draws_no_foreign_numbers(self, digits):
        est = SampleSizeEstimator(NET, random_state=0, **SMALL)
        ask = {"cv": 2, "return_estimator": True}
        with one_thread(), joblib.parallel_config(backend="threading"):
            alone = cross_validate(est, *digits, n_jobs=1, **ask)
            beside = cross_validate(est, *digits, n_jobs=2, **ask)
        for one, other in zip(alone["estimator"], beside["estimator"], strict=True):
            assert_array_equal(one.delta_curve_, other.delta_curve_)

    def test_folds_are_those_of_scikit_learn(self, digits, two_threads):
        X, y = digits
        ask = {"cv": 2, "random_state": 0, **SMALL}
        with joblib.parallel_config(backend="threading"):
            table = compare_architectures({"net": NET}, X, y, n_jobs=2, **ask)
        est = SampleSizeEstimator(NET, random_state=0, **SMALL)
        with one_thread():
            found = cross_validate(est, X, y, cv=2, return_estimator=True)
        needed = [one.n_samples_needed_ for one in found["estimator"]]
        assert table.loc["net", "n_samples_needed"] == np.mean(needed)
        assert table.loc["net", "score"] == np.mean(found["test_score"])


class TestSeeds:
    def test_a_row_is_the_answer_of_the_estimator_with_its_seed(self, digits, repeats):
        for row in repeats.runs.to_dict("records"):
            est = SampleSizeEstimator(NET, random_state=row["random_state"], **SMALL)
            est.fit(*digits)
            assert row["n_samples_needed"] == est.n_samples_needed_
            assert row["verdict"] == est.verdict_
            assert row["score"] == est.score_curve_[-1]
            assert row["train_loss"] == est.curves_["train_loss"][-1]

    def test_order_split_and_initial_weights_vary(self, digits, repeats):
        still = default_net("mlp", module__hidden_sizes=(16,), lr=0.0)
        one, other = (
            SampleSizeEstimator(still, random_state=seed, **SMALL).fit(*digits)
            for seed in repeats.runs["random_state"][:2]
        )
        assert set(one.validation_indices_) != set(other.validation_indices_)
        assert (one.train_indices_ != other.train_indices_).any()
        weights, others = (
            next(est.estimator_.module_.parameters()) for est in (one, other)
        )
        assert (weights != others).all()

    def test_more_repeats_begin_with_the_same(self, digits, repeats):
        fewer = repeat_sample_size(NET, *digits, n_repeats=2, random_state=0, **SMALL)
        assert_same_table(fewer.runs, repeats.runs[:2])

    def test_another_source_gives_others(self, digits, repeats):
        other = repeat_sample_size(NET, *digits, n_repeats=2, random_state=1, **SMALL)
        assert not set(other.runs["random_state"]) & set(repeats.runs["random_state"])

    def test_a_generator_moves_on(self, digits, repeats):
        generator = np.random.RandomState(0)
        ask = {"n_repeats": 2, "random_state": generator, **SMALL}
        first, second = (repeat_sample_size(NET, *digits, **ask) for _ in range(2))
        assert_same_runs(first, RepeatedSampleSize(repeats.runs[:2]))
        assert second.runs["random_state"][0] == repeats.runs["random_state"][2]


class TestForecast:
    """Oracle: `forecast_scores` of the table."""

    def test_is_that_of_all_seeds_together(self, digits, repeats):
        table = repeats.scores
        assert len(table) == 3 * len(SMALL["schedule"])
        assert set(table["random_state"]) == set(repeats.runs["random_state"])
        with pytest.warns(UserWarning, match="Scores at 2 training-set sizes"):
            expected = forecast_scores(
                table["n"],
                table["score"],
                std_err=table["std_err"],
                train_scores=table["train_score"],
                seeds=table["random_state"],
                overlap=0.2,
            )
        assert repeats.score_at(500) == expected.score_at(500)
        assert repeats.gain_from(100) == expected.gain_from(100)
        assert repeats.next_batch(0.9) == expected.next_batch(0.9)

    def test_says_where_it_was_asked_what_is_out_of_reach(self, repeats):
        with pytest.warns(UserWarning, match="not reached") as caught:
            assert repeats.samples_for(1.0, 0.999) is None
        assert caught[0].filename == __file__

    def test_is_in_the_summary(self, repeats):
        expected, _ = repeats.score_forecast.gain()
        assert f"should add {expected:+.3f}" in repeats.summary()

    def test_of_one_net_is_not_there(self, digits):
        asked = {**SMALL, "training": "full"}
        found = repeat_sample_size(NET, *digits, n_repeats=2, random_state=0, **asked)
        with pytest.raises(ValueError, match="no forecast of the score"):
            found.score_at(500)


class TestWhatIsGiven:
    def test_a_whole_estimator_keeps_its_parameters(self, digits, repeats):
        est = SampleSizeEstimator(NET, random_state=7, **SMALL)
        found = repeat_sample_size(est, *digits, n_repeats=3, random_state=0)
        assert_same_runs(found, repeats)
        assert est.random_state == 7 and not hasattr(est, "curve_")

    def test_a_pipeline_is_asked_by_its_last_step(self, digits):
        X, y = digits
        pipe = make_pipeline(StandardScaler(), SampleSizeEstimator(NET, **SMALL))
        found = repeat_sample_size(pipe, 1e3 * X, y, n_repeats=2, tol=0.5)
        assert (found.runs["score"] > 0.3).all()
        assert (found.runs["tol"] == 0.5).all()

    def test_every_repeat_keeps_a_checkpoint_of_its_own(self, digits, tmp_path):
        ask = {"n_repeats": 2, "random_state": 0, "checkpoint": tmp_path, **SMALL}
        first = repeat_sample_size(NET, *digits, **ask)
        folders = {folder.name for folder in tmp_path.iterdir()}
        assert folders == {f"seed-{seed}" for seed in first.runs["random_state"]}
        assert_same_runs(first, repeat_sample_size(NET, *digits, **ask))

    @pytest.mark.parametrize(
        ("name", "value"), [("n_repeats", 1), ("n_jobs", "all"), ("random_state", "x")]
    )
    def test_bad_parameters_are_refused_at_once(self, digits, name, value):
        with pytest.raises(ValueError, match=f"The '{name}' parameter"):
            repeat_sample_size(NET, *digits, **{name: value})


class TestErrors:
    @pytest.mark.parametrize("n_jobs", [None, 2])
    def test_bad_data_name_the_seed(self, n_jobs):
        data = [[1.0]] * 3, [0, 1, 0]
        # Of two at a time, either may be the first to fail.
        seeds = "209652396|398764591"
        with pytest.raises(ValueError, match=rf"random_state=({seeds}) .*minimum of 4"):
            repeat_sample_size(NET, *data, n_repeats=2, n_jobs=n_jobs, random_state=0)

    def test_unknown_parameters_name_themselves(self, digits):
        with pytest.raises(ValueError, match="'toll'"):
            repeat_sample_size(NET, *digits, toll=1)

    def test_a_net_that_fails_does_so_with_the_seed(self, digits):
        failing = default_net("mlp").set_params(module=Failing)
        with pytest.raises(RuntimeError, match=r"=209652396 .* MemoryError: no room"):
            repeat_sample_size(failing, *digits, random_state=0, **SMALL)

    def test_what_died_with_a_worker_is_an_error(self):
        with pytest.raises(RuntimeError, match=r"scatter=\[X, y\]"):
            side_by_side(cancelled, [()])


class TestThreads:
    @pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
    def test_a_fit_at_a_time_takes_one_core(self, backend, two_threads):
        with joblib.parallel_config(backend=backend):
            found = side_by_side(threads_in_use, [()] * 3, n_jobs=2)
        assert found == [{1}] * 3

    def test_a_repeat_computes_on_one(self, digits, two_threads):
        Counting.threads = ()
        net = default_net("mlp").set_params(module=Counting)
        repeat_sample_size(net, *digits, n_repeats=2, **SMALL)
        assert set(Counting.threads) == {1}
        assert torch.get_num_threads() == 2

    def test_their_number_comes_back_after_an_error(self, two_threads):
        with pytest.raises(KeyError), one_thread():
            assert torch.get_num_threads() == 1
            raise KeyError
        assert torch.get_num_threads() == 2


class TestSpread:
    """Against Python's statistics and scipy's t-test."""

    NEEDED = (1088, 960, 1216, 1024, 1152)

    @pytest.fixture
    def found(self):
        verdicts = ["sufficient", "cannot tell yet", *["more data helps"] * 3]
        runs = {
            "n_samples_needed": self.NEEDED,
            "k_star": [17.0, np.nan, 19.0, 16.0, 18.0],
            "converged": [True, False, True, True, True],
            "probability_sufficient": [0.9, 0.5, 0.2, 0.3, 0.1],
            "verdict": verdicts,
        }
        return RepeatedSampleSize(pd.DataFrame(runs))

    def test_moments(self, found):
        assert found.mean == statistics.mean(self.NEEDED)
        assert found.median == statistics.median(self.NEEDED)
        assert_allclose(found.std, statistics.stdev(self.NEEDED))
        assert_allclose(found.cv, found.std / found.mean)

    def test_interval_is_that_of_the_t_test(self, found):
        test = stats.ttest_1samp(self.NEEDED, 0).confidence_interval(0.9)
        assert_allclose(found.interval, (test.low, test.high))

    def test_k_star_has_a_mean_where_all_have_it(self, found):
        assert np.isnan(found.k_star_mean)
        reached = RepeatedSampleSize(found.runs[found.runs["converged"]])
        assert reached.k_star_mean == 17.5
        assert found.converged == 0.8

    def test_verdicts_are_counted(self, found):
        assert found.verdicts == {
            "more data helps": 3,
            "sufficient": 1,
            "cannot tell yet": 1,
        }

    def test_the_summary_says_them(self, found):
        text = found.summary()
        assert text.startswith("Verdicts of 5 seeds: more data helps (3)")
        assert "probability that the data suffice: 40 %" in text
        assert "1,088 samples are needed on average" in text
        assert "standard deviation 101, 9.3 %" in text

    @pytest.mark.parametrize(
        ("unknown", "median", "said"),
        [(1, 1152, "about 1,152 samples"), (3, np.nan, "far more than these")],
    )
    def test_a_size_that_is_not_known_is_larger_than_all_others(
        self, found, unknown, median, said
    ):
        runs = found.runs.astype({"n_samples_needed": float})
        runs.loc[: unknown - 1, "n_samples_needed"] = np.nan
        some = RepeatedSampleSize(runs)
        assert_allclose(some.median, median)
        assert np.isnan(some.mean)
        assert f"{said} are needed (median; {unknown} of 5 seeds" in some.summary()
