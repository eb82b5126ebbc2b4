"""Repetition. Oracles: the same fit again, the process before it."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone

from tests.same import (
    AT_THE_END,
    assert_same_columns,
    assert_same_curves,
    assert_same_weights,
    state_of_the_process,
)
from tests.small import small


class TestTheCallersProcess:
    @pytest.fixture(params=[False, True], ids=["denormals kept", "denormals flushed"])
    def denormals(self, request):
        before = float(torch.tensor(1e-39) * 1.0) == 0
        torch.set_flush_denormal(request.param)
        yield request.param
        torch.set_flush_denormal(before)

    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    def test_fit_leaves_it_as_it_was(self, digits, training, denormals):
        before = state_of_the_process()
        assert (before["denormals"] == 0) == denormals
        est = small(training=training).fit(*digits)
        est.predict(digits[0])
        est.summary()
        assert state_of_the_process() == before

    def test_partial_fit_leaves_it_as_it_was(self, digits):
        X, y = digits
        before = state_of_the_process()
        small().partial_fit(X[:100], y[:100]).partial_fit(X[100:], y[100:])
        assert state_of_the_process() == before

    def test_gradients_may_be_off(self, digits):
        with torch.no_grad():
            est = small().fit(*digits)
            assert not torch.is_grad_enabled()
        assert_same_curves(est, small().fit(*digits))


class TestRepetition:
    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    def test_the_same_seed_gives_the_same_answer(self, net, digits, training):
        est = small(net, training=training)
        first = clone(est).fit(*digits)
        torch.rand(5), np.random.rand(5)
        second = clone(est).fit(*digits)
        assert_same_curves(first, second)
        assert_same_weights(first.estimator_, second.estimator_)
        assert_array_equal(first.eigenvalues_, second.eigenvalues_)
        assert_array_equal(first.train_indices_, second.train_indices_)
        assert first.n_samples_needed_ == second.n_samples_needed_
        assert first.verdict_ == second.verdict_

    def test_another_seed_gives_other_curves(self, fitted, digits):
        other = clone(fitted).set_params(random_state=1).fit(*digits)
        assert (other.bound_curve_ != fitted.bound_curve_).all()
        assert (other.train_indices_ != fitted.train_indices_).any()

    def test_a_random_state_instance_moves_on(self, digits):
        generator = np.random.RandomState(0)
        est = small(random_state=generator)
        first = est.fit(*digits).bound_curve_
        assert_array_equal(first, small(random_state=0).fit(*digits).bound_curve_)
        assert (est.fit(*digits).bound_curve_ != first).all()

    @pytest.mark.parametrize("training", ["update", "restart"])
    def test_the_net_at_k_does_not_depend_on_the_schedule(self, digits, training):
        measure = partial(small, tol=1e-9, training=training)
        few = measure(schedule=[3, 6]).fit(*digits)
        every = measure(schedule="all").fit(*digits)
        until_six = measure(schedule=range(1, 7)).fit(*digits)
        assert_array_equal(every.batch_counts_, np.arange(1, 9))
        assert_same_weights(few.estimator_, until_six.estimator_)
        common = np.isin(every.batch_counts_, few.batch_counts_)
        # What is smoothed along k or agrees with the net before knows its neighbours,
        # and only the first measured size is searched for copies of eigenvalues.
        along_k = {"smoothed", "smoothed_std_err", "prediction_agreement", "n_products"}
        along_k |= AT_THE_END
        there = {name: column[common] for name, column in every.curves_.items()}
        assert_same_columns(there, few.curves_, apart=along_k)

    def test_a_refit_forgets_the_first_fit(self, digits):
        X, y = digits
        est = small().fit(X[:100, :32], y[:100] % 3).fit(X, y)
        assert_same_curves(est, small().fit(X, y))
        assert est.n_features_in_ == 64
        assert_array_equal(est.classes_, np.arange(10))
