"""Classes of a fit. Oracles: scikit-learn's metrics of the net, `forecast_scores`."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import make_multilabel_classification, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.metrics import f1_score, recall_score

from sufficient import SampleSizeEstimator, forecast_scores
from sufficient.decision import class_scores
from sufficient.decision.forecast_scores import forecast_given
from sufficient.nets import default_net
from tests.small import small

CLASSES = range(10)


@pytest.fixture(scope="module")
def restarted(many_digits):
    return small(training="restart", schedule=[1, 2, 3, 4]).fit(*many_digits)


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
        asked = {"training": "restart", "schedule": [1, 2, 3, 4]}
        other = small(scoring="neg_log_loss", **asked).fit(*many_digits)
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
        with pytest.warns(UserWarning, match=r"\(8, 9"):
            assert [*est.label_next(20)][-2:] == [8, 9]


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


def test_a_regressor_has_no_classes():
    X, y = make_regression(160, 5, noise=1.0, random_state=0)
    net = default_net("mlp", regression=True, module__hidden_sizes=(), lr=0.05)
    est = small(net).fit(X, y)
    assert est.class_scores_ is None
    assert est.class_gains_ is None
    with pytest.raises(ValueError, match=r"targets are numbers.* next_batch"):
        est.label_next(10)
