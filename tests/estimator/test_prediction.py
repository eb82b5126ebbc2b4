"""Predictions. Oracles: scikit-learn's metrics, and the estimator that was stored."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import is_classifier, is_regressor
from sklearn.metrics import accuracy_score, r2_score
from skorch import NeuralNetBinaryClassifier
from torch import nn

from sufficient import MLP, SampleSizeEstimator
from tests.estimator.nets import linear
from tests.same import assert_same_curves
from tests.small import small


class TestAfterwards:
    @pytest.mark.parametrize("by", ["pickle", "joblib"])
    def test_a_stored_estimator_predicts_the_same(self, fitted, digits, by, tmp_path):
        if by == "pickle":
            loaded = pickle.loads(pickle.dumps(fitted))
        else:
            joblib.dump(fitted, tmp_path / "fitted.joblib")
            loaded = joblib.load(tmp_path / "fitted.joblib")
        assert_array_equal(
            loaded.predict_proba(digits[0]), fitted.predict_proba(digits[0])
        )
        assert_same_curves(loaded, fitted)
        assert loaded.summary() == fitted.summary()

    def test_probabilities_sum_to_one_in_the_order_of_classes(self, fitted, digits):
        X, y = digits
        probabilities = fitted.predict_proba(X)
        assert probabilities.shape == (len(X), 10)
        assert probabilities.min() >= 0
        assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        assert_array_equal(fitted.classes_, np.unique(y))
        best = fitted.classes_[probabilities.argmax(axis=1)]
        assert_array_equal(fitted.predict(X), best)

    def test_score_is_the_accuracy(self, fitted, digits):
        X, y = digits
        assert fitted.score(X, y) == accuracy_score(y, fitted.predict(X))
        assert fitted.score(X, y) > 0.6

    def test_held_out_and_training_samples_are_all_there_is(self, fitted, digits):
        indices = [*fitted.train_indices_, *fitted.validation_indices_]
        assert_array_equal(np.sort(indices), np.arange(len(digits[0])))

    def test_kind_of_estimator_follows_the_net(self):
        assert is_classifier(small())
        assert is_classifier(SampleSizeEstimator("cnn"))
        assert is_regressor(linear())


class TestTwoClasses:
    @staticmethod
    def binary(**changes):
        return NeuralNetBinaryClassifier(
            MLP,
            module__hidden_sizes=(8,),
            optimizer=torch.optim.Adam,
            lr=0.02,
            batch_size=16,
            verbose=0,
            **changes,
        )

    def test_one_logit_predicts_labels(self, yes_or_no):
        X, y = yes_or_no
        net = self.binary(criterion=nn.BCEWithLogitsLoss, module__n_outputs=1)
        est = small(net).fit(X, y)
        assert est.score(X, y) > 0.85
        assert set(est.predict(X)) == {"no", "yes"}
        probabilities = est.predict_proba(X)
        assert probabilities.shape == (200, 2)
        assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
        best = est.classes_[probabilities.argmax(axis=1)]
        assert_array_equal(best, est.predict(X))
        assert (est.delta_curve_ > 0).all()

    def test_one_logit_is_the_number_of_outputs_a_binary_net_asks_for(self, yes_or_no):
        assert small(self.binary()).fit(*yes_or_no).score(*yes_or_no) > 0.85

    def test_two_logits_do_as_well(self, yes_or_no):
        assert small().fit(*yes_or_no).score(*yes_or_no) > 0.85


class TestRegression:
    def test_predictions_come_in_their_own_unit(self, targets):
        X, y = targets[0], 1e5 * targets[1][:, 0] + 7e6
        est = linear().fit(X, y)
        assert est.predict(X).shape == y.shape
        assert np.abs(est.predict(X) - y).mean() < 0.3 * y.std()
        assert est.score(X, y) == r2_score(y, est.predict(X))
        assert est.score(X, y) > 0.9

    def test_several_targets_keep_their_columns(self, targets):
        X, y = targets[0], targets[1] * [1e5, 1e-3]
        est = linear().fit(X, y)
        assert est.predict(X).shape == y.shape
        assert_allclose(est.score(X, y), r2_score(y, est.predict(X)))
        assert min(r2_score(y, est.predict(X), multioutput="raw_values")) > 0.9

    def test_one_column_stays_a_column(self, targets):
        X, y = targets[0], targets[1][:, :1]
        assert linear().fit(X, y).predict(X).shape == y.shape

    def test_the_answer_does_not_depend_on_the_unit(self, targets):
        X, y = targets
        metres, kilometres = linear().fit(X, y), linear().fit(X, y / 1e3 + 5)
        assert_allclose(metres.bound_curve_, kilometres.bound_curve_, rtol=1e-2)
        assert_allclose(
            metres.n_samples_needed_, kilometres.n_samples_needed_, rtol=1e-2
        )

    def test_there_are_no_classes_and_no_probabilities(self, targets):
        est = linear().fit(*targets)
        assert not hasattr(est, "predict_proba")
        assert not hasattr(est, "classes_")

    def test_whole_numbers_are_targets_not_labels(self, targets):
        X, y = targets
        est = linear().fit(X, y[:, 0].round().astype(int))
        assert est.predict(X).dtype.kind == "f"

    def test_it_can_be_stored(self, targets):
        est = linear().fit(*targets)
        loaded = pickle.loads(pickle.dumps(est))
        assert_array_equal(loaded.predict(targets[0]), est.predict(targets[0]))
