"""Labels that arrive in batches. Oracle: the same session, undisturbed."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from tests.estimator.nets import LABELS, linear
from tests.same import assert_same_curves, assert_same_weights
from tests.small import small


class TestLabellingSession:
    @staticmethod
    def follow(est, X, y, n_batches=4):
        parts = zip(*(np.array_split(a, n_batches) for a in (X, y)), strict=True)
        for k, (X_new, y_new) in enumerate(parts, start=1):
            yield k, est.partial_fit(X_new, y_new)

    def test_every_batch_updates_the_answer(self, digits):
        est, sizes, scores = small(), [], []
        for _, answer in self.follow(est, *digits):
            assert answer is est
            sizes.append(est.train_sizes_[-1])
            scores.append(est.score(*digits))
            assert est.n_samples_needed_ > 0
            assert isinstance(est.converged_, bool)
            assert len(est.bound_curve_) == len(est.train_sizes_)
            assert est.verdict_ in est.summary()
        # The batch that has just come in tells about the size before it.
        assert sizes == [40, 40, 80, 120]
        assert_array_equal(est.train_sizes_, [40, 80, 120])
        assert scores[-1] > max(0.6, scores[0])

    def test_a_session_repeats_itself(self, digits):
        (*_, (_, first)), (*_, (_, second)) = (
            self.follow(small(), *digits) for _ in range(2)
        )
        assert_same_curves(first, second)
        assert_same_weights(first.estimator_, second.estimator_)

    def test_a_stored_session_goes_on_where_it_was(self, digits):
        est = small()
        for k, _ in self.follow(est, *digits):
            if k == 3:
                break
        loaded = pickle.loads(pickle.dumps(est))
        last = [np.array_split(part, 4)[3] for part in digits]
        assert_same_curves(est.partial_fit(*last), loaded.partial_fit(*last))
        assert_same_weights(est.estimator_, loaded.estimator_)

    def test_classes_of_the_first_call_may_come_later(self, digits):
        X, y = digits
        early = y < 5
        est = small().partial_fit(X[early], y[early], classes=np.arange(10)[::-1])
        assert_array_equal(est.classes_, np.arange(10))
        assert est.predict_proba(X).shape == (200, 10)
        est.partial_fit(X[~early], y[~early])
        assert set(est.predict(X[~early])) & set(range(5, 10))

    def test_words_are_labels_here_too(self, three_digits):
        X, codes = three_digits
        words = LABELS["strings"][codes]
        est = small()
        for _ in self.follow(est, X, words, 2):
            pass
        assert est.score(X, words) > 0.7

    def test_unknown_labels_are_refused_and_the_session_goes_on(self, digits):
        X, y = digits
        est = small().partial_fit(X[:100], y[:100], classes=range(10))
        with pytest.raises(ValueError, match=r"not among the classes: 77"):
            est.partial_fit(X[100:], np.where(y[100:] == 3, 77, y[100:]))
        est.partial_fit(X[100:], y[100:])
        undisturbed = small().partial_fit(X[:100], y[:100])
        assert_same_curves(est, undisturbed.partial_fit(X[100:], y[100:]))

    def test_another_number_of_features_is_refused(self, digits):
        X, y = digits
        est = small().partial_fit(X[:100], y[:100])
        with pytest.raises(ValueError, match="63 features"):
            est.partial_fit(X[100:, 1:], y[100:])
        est.partial_fit(X[100:], y[100:])

    def test_fit_forgets_the_session(self, digits):
        est = small()
        for _ in self.follow(est, *digits):
            pass
        assert_same_curves(est.fit(*digits), small().fit(*digits))
        est.partial_fit(*digits)
        assert_same_curves(est, small().partial_fit(*digits))
        assert not hasattr(est, "train_indices_")

    def test_a_clone_starts_a_new_session(self, digits):
        est = small()
        for _ in self.follow(est, *digits):
            pass
        assert_same_curves(
            clone(est).partial_fit(*digits), small().partial_fit(*digits)
        )

    def test_regression_targets_come_in_batches_too(self, targets):
        X, y = targets[0], targets[1] * [1e5, 1e-3]
        est = linear()
        for _ in self.follow(est, X, y):
            pass
        assert est.predict(X).shape == y.shape
        assert est.score(X, y) > 0.8
