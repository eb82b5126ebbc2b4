"""Classes and bins of a fit. Oracles: scikit-learn's metrics, `forecast_scores`."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats
from sklearn.datasets import (
    make_friedman1,
    make_friedman2,
    make_friedman3,
    make_multilabel_classification,
)
from sklearn.exceptions import NotFittedError
from sklearn.metrics import f1_score, mean_squared_error, recall_score

from sufficient import SampleSizeEstimator, forecast_scores
from sufficient.decision import class_scores
from sufficient.decision.forecast_scores import forecast_given
from sufficient.nets import default_net
from tests.small import small

CLASSES, B = range(10), range(4)
RESTARTED = {"training": "restart", "schedule": [1, 2, 3, 4]}


@pytest.fixture(scope="module")
def restarted(many_digits):
    return small(**RESTARTED).fit(*many_digits)


def regressor():
    return default_net("mlp", regression=True, module__hidden_sizes=(), lr=0.05)


def held_out(est, X, y):
    rows = est.validation_indices_
    return y[rows], est.predict(X[rows])


class TestScores:
    def test_are_the_recalls_of_the_net(self, restarted, many_digits):
        y, predicted = held_out(restarted, *many_digits)
        found = restarted.class_scores_
        assert found.shape == (len(restarted.train_sizes_), 10)
        assert_allclose(found[-1], recall_score(y, predicted, average=None))
        assert_array_equal(restarted.curve_.by_class.n_held_out[-1], np.bincount(y))

    def test_average_to_the_accuracy(self, restarted):
        weights = restarted.curve_.by_class.n_held_out[-1]
        means = restarted.class_scores_ @ weights / weights.sum()
        assert_allclose(means, restarted.score_curve_)

    def test_count_the_training_samples(self, restarted, many_digits):
        y = many_digits[1][restarted.train_indices_]
        counts = [np.bincount(y[:n], minlength=10) for n in restarted.train_sizes_]
        assert_array_equal(restarted.curve_.by_class.n_train, counts)

    def test_do_not_depend_on_scoring(self, restarted, many_digits):
        other = small(scoring="neg_log_loss", **RESTARTED).fit(*many_digits)
        assert_array_equal(other.class_scores_, restarted.class_scores_)

    def test_of_labels_are_f1(self):
        X, y = make_multilabel_classification(300, 6, n_classes=3, random_state=0)
        net = default_net("mlp", criterion=torch.nn.BCEWithLogitsLoss, lr=0.01)
        est = small(net).fit(X, y)
        expected = f1_score(*held_out(est, X, y), average=None)
        assert_allclose(est.class_scores_[-1], expected)
        assert len(est.class_gains_) == 3
        assert sorted(est.label_next(30)) == [0, 1, 2]

    def test_of_a_class_that_has_not_come_yet_are_not_numbers(self, digits):
        X, y = digits
        few = y < 8
        est = small()
        for rows in np.array_split(np.flatnonzero(few), 3):
            est.partial_fit(X[rows], y[rows], classes=CLASSES)
        assert np.isnan(est.class_scores_[:, 8:]).all()
        assert np.isnan([one.expected for one in est.class_gains_[8:]]).all()
        for one in (est, est.curve_):
            with pytest.warns(UserWarning, match=r"\(8, 9") as caught:
                assert [*one.label_next(20)][-2:] == [8, 9]
            assert {each.filename for each in caught} == {__file__}


class TestGains:
    def test_are_forecast_from_the_scores(self, restarted, many_digits):
        sizes = restarted.train_sizes_
        n_held_out = np.bincount(many_digits[1][restarted.validation_indices_])
        for found, scores, n in zip(
            restarted.class_gains_, restarted.class_scores_.T, n_held_out, strict=True
        ):
            begun = slice(np.flatnonzero(scores)[0], None)
            alone = forecast_scores(sizes[begun], scores[begun], n_held_out=n)
            assert found == alone.gain()

    def test_are_computed_when_they_are_first_read(self, many_digits, monkeypatch):
        asked = []

        def counted(*args, **kwargs):
            asked.append(args)
            return forecast_given(*args, **kwargs)

        monkeypatch.setattr(class_scores, "forecast_given", counted)
        est = small().fit(*many_digits)
        assert not asked
        assert est.class_gains_ is est.class_gains_
        assert len(asked) == 10

    def test_of_one_net_are_not_known(self, digits):
        est = small(training="full").fit(*digits)
        assert np.isnan([one.expected for one in est.class_gains_]).all()
        with pytest.raises(ValueError, match="no forecast"):
            est.label_next(10)

    def test_are_not_there_before_the_fit(self):
        assert not hasattr(SampleSizeEstimator(), "class_gains_")
        with pytest.raises(NotFittedError):
            SampleSizeEstimator().label_next(10)


def test_a_class_that_is_rare_and_hard_is_named_first():
    rng = np.random.default_rng(0)
    y = rng.choice(4, size=1000, p=[0.33, 0.33, 0.28, 0.06])
    centres = np.array([[5, 0], [-5, 0], [0, 4], [0, 1]])
    X = (centres[y] + rng.standard_normal((1000, 2))).astype(np.float32)
    names = np.array(["left", "right", "up", "hard"])[y]
    est = small(training="restart", schedule=[2, 4, 8, 12]).fit(X, names)
    assert next(iter(est.label_next(100))) == "hard"
    assert est.classes_[est.class_scores_[-1].argmin()] == "hard"


def test_a_curve_answers_as_the_estimator_does(restarted):
    assert restarted.curve_.label_next(40) == restarted.label_next(40)


class TestBins:
    """Of a target whose largest quarter cannot be told from X alone."""

    @pytest.fixture(scope="class")
    @staticmethod
    def numbers():
        rng = np.random.default_rng(0)
        X = rng.standard_normal((800, 5)).astype(np.float32)
        y = 10 * X[:, 0]
        return X, y + (y > 6) * rng.exponential(20, 800)

    @pytest.fixture(scope="class")
    @staticmethod
    def est(numbers):
        return small(regressor(), **RESTARTED).fit(*numbers)

    def test_scores_are_errors_over_the_variance(self, est, numbers):
        y, predicted = held_out(est, *numbers)
        bins = np.digitize(y, est.bin_edges_[1:-1], right=True)
        parts = [mean_squared_error(y[bins == b], predicted[bins == b]) for b in B]
        assert_allclose(est.bin_scores_[-1], 1 - np.array(parts) / y.var(), rtol=1e-4)
        assert_array_equal(est.curve_.by_class.n_held_out[-1], np.bincount(bins))

    def test_average_to_r2(self, est):
        weights = est.curve_.by_class.n_held_out[-1]
        means = est.bin_scores_ @ weights / weights.sum()
        assert_allclose(means, est.score_curve_, rtol=1e-5)

    def test_count_the_training_samples(self, est, numbers):
        y = numbers[1][est.train_indices_]
        bins = np.digitize(y, est.bin_edges_[1:-1], right=True)
        counts = [np.bincount(bins[:n], minlength=4) for n in est.train_sizes_]
        assert_array_equal(est.curve_.by_class.n_train, counts)

    def test_standard_errors_are_those_of_the_mean_error(self, est, numbers):
        y, predicted = held_out(est, *numbers)
        bins = np.digitize(y, est.bin_edges_[1:-1], right=True)
        parts = [((y - predicted) ** 2 / y.var())[bins == b] for b in B]
        # One that is as large as the largest may not have been seen.
        expected = [max(stats.sem(part), part.max() / len(part)) for part in parts]
        assert_allclose(est.curve_.by_class.std_err[-1], expected, rtol=1e-3)

    def test_gains_are_forecast_from_the_scores(self, est):
        by_class = est.curve_.by_class
        rows = est.bin_scores_.T, by_class.std_err.T, est.bin_gains_
        for scores, std_err, gain in zip(*rows, strict=True):
            alone = forecast_scores(
                est.train_sizes_, scores, std_err=std_err, score_range=(-np.inf, 1)
            )
            assert gain == alone.gain()

    def test_the_part_that_is_hard_is_named(self, est):
        hard = est.bin_scores_[-1].argmin()
        assert hard == 3
        assert f"target bin above {est.bin_edges_[3]:.3g}" in est.summary(detail=True)

    def test_share_a_budget_by_their_intervals(self, est):
        found = est.label_next(50)
        assert sorted(found) == sorted(est.curve_.by_class.classes)
        assert sum(found.values()) == 50

    def test_are_no_classes(self, est, restarted):
        assert est.class_scores_ is None and est.class_gains_ is None
        assert restarted.bin_scores_ is None and restarted.bin_gains_ is None
        assert not hasattr(restarted, "bin_edges_")

    def test_are_those_of_the_first_batch_in_a_session(self, numbers):
        X, y = numbers
        session = small(regressor())
        for rows in np.split(np.arange(240), 3):
            session.partial_fit(X[rows], y[rows])
        expected = np.quantile(y[:80], [0.25, 0.5, 0.75], method="inverted_cdf")
        assert_allclose(session.bin_edges_[1:-1], expected)
        assert session.bin_scores_.shape == (2, 4)

    def test_are_kept_on_disk(self, est, tmp_path):
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=regressor())
        assert_array_equal(loaded.bin_edges_, est.bin_edges_)
        assert loaded.bin_gains_ == est.bin_gains_

    def test_there_are_none_of_several_targets(self, numbers):
        X, y = numbers
        several = small(regressor()).fit(X, np.column_stack([y, X[:, 1]]))
        assert several.bin_scores_ is None and several.bin_gains_ is None
        with pytest.raises(ValueError, match=r"several targets.* next_batch"):
            several.label_next(10)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_gains_of_bins_are_those_of_fits_to_twice_the_data():
    problems = (make_friedman1, 1.0), (make_friedman2, 100.0), (make_friedman3, 0.1)
    covered, errors, gains = [], [], []
    for (make, noise), seed in itertools.product(problems, range(4)):
        X, y = make(21_800, noise=noise, random_state=seed)
        X, new = X.astype(np.float32), slice(1800, None)
        once, twice = (
            SampleSizeEstimator("mlp", random_state=seed).fit(X[:n], y[:n])
            for n in (900, 1800)
        )
        bins = np.digitize(y[new], once.bin_edges_[1:-1], right=True)
        before, after = (
            np.bincount(bins, (est.predict(X[new]) - y[new]) ** 2) / np.bincount(bins)
            for est in (once, twice)
        )
        true = (before - after) / y[new].var()
        for found, gain in zip(once.bin_gains_, true, strict=True):
            covered.append(found.interval[0] <= gain <= found.interval[1])
            errors.append(abs(found.expected - gain))
            gains.append(abs(gain))
    assert np.mean(covered) >= 0.85
    assert np.mean(errors) < 0.75 * np.mean(gains)
