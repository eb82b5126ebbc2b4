"""Single samples, new classes and stable predictions in a labelling session.

Oracles: the same samples in batches, the same classes named at the start, scikit-learn.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.metrics import cohen_kappa_score

from sufficient import SampleSizeEstimator
from tests.estimator.nets import Linear, classifier
from tests.same import assert_same_curves, assert_same_weights
from tests.small import small

ALL = range(10)


def told(est, X, y, size, **first):
    """Hand samples over in batches of this size."""
    for start in range(0, len(y), size):
        given = first if start == 0 else {}
        rows = slice(start, start + size)
        est.partial_fit(X[rows], y[rows], **given)
    return est


def answers(est):
    """The answers that people pay by."""
    return (
        est.score_at(1000),
        est.gain_from(100),
        est.next_batch(0.9),
        est.samples_for(0.5),
        est.label_next(10),
    )


class TestSingleSamples:
    def test_are_a_batch_once_there_are_sixteen(self, digits):
        X, y = (part[:64] for part in digits)
        one = told(small(), X, y, 1, classes=ALL)
        other = told(small(), X, y, 16, classes=ALL)
        assert_same_curves(one, other)
        assert_same_weights(one.estimator_, other.estimator_)
        assert one.n_waiting_ == 0

    def test_are_a_batch_once_there_are_as_many_as_was_asked(self, digits):
        X, y = (part[:50] for part in digits)
        one = told(small(batch_size=20), X, y, 3, classes=ALL)
        assert one.train_sizes_.tolist() == [17]
        assert one.n_waiting_ == 8

    def test_give_no_answer_before(self, digits):
        X, y = digits
        est = told(small(), X[:15], y[:15], 1)
        assert est.n_waiting_ == 15
        with pytest.raises(NotFittedError):
            est.predict(X)
        assert est.partial_fit(X[15:16], y[15:16]).predict(X).shape == (200,)

    def test_wait_for_a_second_label(self, digits):
        X, y = digits
        zeros, others = np.flatnonzero(y == 0), np.flatnonzero(y)
        est = told(small(), X[zeros[:18]], y[zeros[:18]], 1)
        assert est.n_waiting_ == 18
        est.partial_fit(X[others[:1]], y[others[:1]])
        assert est.n_waiting_ == 0 and len(est.classes_) == 2

    def test_with_a_label_that_cannot_be_are_not_kept(self, digits):
        X, y = digits
        est = told(small(), X[:40], y[:40], 40, classes=ALL)
        for _ in range(2):
            with pytest.raises(ValueError, match="not among the classes: 77"):
                est.partial_fit(X[:1], [77])
        assert est.n_waiting_ == 0
        other = small()
        with pytest.raises(ValueError, match="not among the classes: 77"):
            other.partial_fit(X[:1], [77], classes=ALL)

    def test_are_forgotten_by_fit(self, digits):
        X, y = digits
        est = small().partial_fit(X[:1], y[:1]).fit(X, y)
        assert not hasattr(est, "n_waiting_")

    def test_are_saved_with_the_session(self, digits, tmp_path):
        X, y = digits
        est = told(small(), X[:40], y[:40], 40, classes=ALL)
        est.partial_fit(X[40:45], y[40:45])
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=small().estimator)
        assert loaded.n_waiting_ == 5
        for one in (est, loaded):
            one.partial_fit(X[45:60], y[45:60])
        assert_same_curves(est, loaded)


class TestNewClasses:
    @pytest.fixture(scope="class")
    @staticmethod
    def late(many_digits):
        """Digits of which the last kinds come late."""
        X, y = many_digits
        rows = np.r_[np.flatnonzero(y < 8)[:240], np.flatnonzero(y)[-80:]]
        return X[rows], y[rows]

    @pytest.mark.parametrize(
        "training", ["restart", pytest.param("converged", marks=pytest.mark.slow)]
    )
    def test_are_as_if_they_had_been_named_at_the_start(self, late, training):
        named, new = (small(training=training) for _ in range(2))
        told(named, *late, 80, classes=ALL)
        with pytest.warns(UserWarning, match="New labels: 8, 9") as caught:
            told(new, *late, 80)
        assert {one.filename for one in caught if "New" in str(one.message)} == {
            __file__
        }
        assert_array_equal(new.classes_, ALL)
        assert_same_weights(named.estimator_, new.estimator_)
        for name in ("class_held_out", "class_train_sizes"):
            assert_array_equal(
                getattr(named.curve_.record.last, name),
                getattr(new.curve_.record.last, name),
            )
        assert named.score_curve_[-1] == new.score_curve_[-1]
        assert np.isnan(new.class_scores_[0, 8:]).all()
        assert np.isnan(new.prediction_agreement_) and not new.predictions_stable_

    def test_are_learnt_by_a_net_that_is_trained_on(self, late):
        X, y = late
        with pytest.warns(UserWarning, match="New labels: 8, 9"):
            est = told(small(training="update"), X, y, 80)
        est.partial_fit(X[-80:], y[-80:])
        assert {8, 9} <= set(est.predict(X[-80:]))

    def test_of_words_keep_their_names(self, late):
        X, codes = late
        words = np.array([f"digit {code}" for code in codes])
        with pytest.warns(UserWarning, match="New labels: digit 8, digit 9"):
            est = told(small(), X, words, 80)
        assert est.score(X[:240], words[:240]) > 0.8

    def test_that_a_net_has_no_output_for_are_refused(self, late):
        X, y = late
        est, undisturbed = (
            told(small(classifier(Linear, module__outputs=8)), X[:240], y[:240], 80)
            for _ in range(2)
        )
        with pytest.raises(ValueError, match="8 outputs for 10 classes"):
            est.partial_fit(X[240:], y[240:])
        assert_array_equal(est.classes_, range(8))
        for one in (est, undisturbed):
            one.partial_fit(X[:80], y[:80])
        assert_same_curves(est, undisturbed)

    def test_of_another_kind_are_refused(self, late):
        X, y = late
        est = told(small(), X[:80], y[:80], 80)
        with pytest.raises(ValueError, match="not among the classes"):
            est.partial_fit(X[:80], np.repeat(["a", "b"], 40))

    def test_are_known_after_a_night(self, late, tmp_path):
        X, y = late
        est = told(small(), X[:160], y[:160], 80)
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=small().estimator)
        with pytest.warns(UserWarning, match="New labels"):
            loaded.partial_fit(X[240:], y[240:])
        assert_array_equal(loaded.classes_, ALL)


class TestAnswers:
    def test_come_after_every_batch(self, digits):
        X, y = digits
        est, found = small(training="restart"), []
        for rows in np.array_split(np.arange(200), 4):
            found.append(answers(est.partial_fit(X[rows], y[rows], classes=ALL)))
        assert found[2] != found[3]
        assert est.score_at(1000) == est.curve_.score_at(1000)
        assert est.score_at(1000) == est.score_forecast_.score_at(1000)
        for one in (est, est.curve_, est.score_forecast_):
            with pytest.warns(UserWarning, match="not reached") as caught:
                assert one.samples_for(1.0, 0.999) is None
            assert caught[0].filename == __file__


class TestAgreement:
    def test_is_the_kappa_of_the_last_two_nets(self, many_digits):
        X, y = many_digits
        both = small(training="restart").fit(X, y)
        first = small(training="restart", schedule=[2]).fit(X, y)
        rows = both.validation_indices_
        assert both.prediction_agreement_ == cohen_kappa_score(
            first.predict(X[rows]), both.predict(X[rows])
        )
        assert np.isnan(both.curves_["prediction_agreement"][0])
        assert not both.predictions_stable_

    def test_is_that_of_samples_held_out_before(self, digits):
        X, y = digits
        est = small(training="restart")
        for rows in np.array_split(np.arange(200), 4):
            est.partial_fit(X[rows], y[rows], classes=ALL)
        found = est.curves_["prediction_agreement"]
        assert np.isnan(found[0]) and (found[1:] <= 1).all() and (found[1:] > 0.3).all()
        assert f"kappa of {found[-1]:.3f}" in est.summary().splitlines()[-1]

    def test_is_not_known_of_one_net(self, digits):
        est = small(training="full").fit(*digits)
        assert np.isnan(est.curves_["prediction_agreement"]).all()
        assert "Predictions:" not in est.summary(detail=True)


class TestUnlabelled:
    """Agreement on a pool. Oracle: scikit-learn's kappa of nets fitted one by one."""

    @pytest.fixture(scope="class")
    @staticmethod
    def parts(many_digits):
        X, y = many_digits
        return X[:320], y[:320], X[320:]

    def test_a_fit_compares_its_nets_on_them(self, parts):
        X, y, pool = parts
        both = small(training="restart").fit(X, y, X_unlabelled=pool)
        alone, first = (
            small(training="restart", schedule=schedule).fit(X, y)
            for schedule in ([2, 4], [2])
        )
        assert both.prediction_agreement_ == cohen_kappa_score(
            first.predict(pool), both.predict(pool)
        )
        assert f"{len(pool)} unlabelled samples" in both.summary(detail=True)
        assert "held-out samples with a Cohen's kappa" in alone.summary(detail=True)
        for name in {*alone.curves_} - {"prediction_agreement", "n_unlabelled"}:
            if "seconds" not in name:
                assert_array_equal(alone.curves_[name], both.curves_[name])

    def test_a_session_compares_its_nets_on_them(self, parts):
        X, y, pool = parts
        est, predicted = small(training="restart"), []
        for i, rows in enumerate(np.split(np.arange(320), 4)):
            given = {"X_unlabelled": pool} if i == 0 else {}
            est.partial_fit(X[rows], y[rows], classes=ALL, **given)
            predicted.append(est.predict(pool))
        # The first net is measured twice, with the held-out samples of both batches.
        expected = [cohen_kappa_score(*predicted[i : i + 2]) for i in (1, 2)]
        assert_allclose(est.curves_["prediction_agreement"][1:], expected)

    @pytest.mark.parametrize("n_first", [80, 5], ids=["measured", "waiting"])
    def test_are_saved_with_the_session(self, parts, n_first, tmp_path):
        X, y, pool = parts
        est = small(training="restart")
        est.partial_fit(X[:60], y[:60], classes=ALL, X_unlabelled=pool)
        est.partial_fit(X[60 : 60 + n_first], y[60 : 60 + n_first])
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=est.estimator)
        for one in (est, loaded):
            for rows in np.split(np.arange(140, 320), 3):
                one.partial_fit(X[rows], y[rows])
        assert_same_curves(est, loaded)
        assert est.curves_["n_unlabelled"][-1] == len(pool)

    def test_may_come_with_samples_that_wait(self, parts):
        X, y, pool = parts
        slow = small().partial_fit(X[:3], y[:3], classes=ALL, X_unlabelled=pool)
        slow.partial_fit(X[3:40], y[3:40])
        at_once = small().partial_fit(X[:40], y[:40], classes=ALL, X_unlabelled=pool)
        assert_same_curves(slow, at_once)

    def test_of_a_data_frame_are_encoded(self):
        rng = np.random.default_rng(0)
        n = rng.standard_normal(200)
        frame = pd.DataFrame({"n": n, "kind": np.where(n > 1, "a", "b")})
        frame.loc[::9, "n"] = None
        y = (n > 0).astype(int)
        by_fit = small(training="restart").fit(
            frame[:120], y[:120], X_unlabelled=frame[120:]
        )
        assert by_fit.curves_["n_unlabelled"][-1] == 80
        session = small(training="restart")
        session.partial_fit(frame[:60], y[:60], X_unlabelled=frame[120:])
        session.partial_fit(frame[60:120], y[60:120])
        assert session.curves_["n_unlabelled"][-1] == 80

    def test_belong_to_a_checkpoint(self, parts, tmp_path):
        X, y, pool = parts
        est = small(training="restart", checkpoint=tmp_path)
        found = est.fit(X, y, X_unlabelled=pool).prediction_agreement_
        assert est.fit(X, y, X_unlabelled=pool).prediction_agreement_ == found
        with pytest.raises(ValueError, match="unlabelled"):
            est.fit(X, y, X_unlabelled=pool[:-1])

    def test_that_do_not_go_with_the_others_are_refused(self, parts):
        X, y, pool = parts
        message = "X_unlabelled does not go with X"
        with pytest.raises(ValueError, match=f"{message}.*4 features"):
            small().fit(X, y, X_unlabelled=np.zeros((9, 4)))
        with pytest.raises(ValueError, match=f"{message}.*0 sample"):
            small().fit(X, y, X_unlabelled=pool[:0])
        with pytest.raises(ValueError, match=f"{message}.*NaN"):
            small().partial_fit(X, y, X_unlabelled=np.full_like(pool, np.nan))

    def test_come_with_the_first_call(self, parts):
        X, y, pool = parts
        est = small().partial_fit(X[:40], y[:40], classes=ALL)
        with pytest.raises(ValueError, match="first call of partial_fit"):
            est.partial_fit(X[40:80], y[40:80], X_unlabelled=pool)
        assert est.partial_fit(X[40:80], y[40:80]).n_train_ == 64


def test_sparse_rows_that_wait_for_an_encoder_are_saved(tmp_path):
    X = sparse.random(160, 30, density=0.2, format="csr", random_state=0)
    y = (X[:, :3].toarray().sum(axis=1) > 0).astype(int)
    est = small("mlp", encoder=TruncatedSVD(5, random_state=0))
    est.partial_fit(X[:100], y[:100]).partial_fit(X[100:105], y[100:105])
    est.save(tmp_path)
    loaded = SampleSizeEstimator.load(tmp_path)
    assert loaded.n_waiting_ == 5
    for one in (est, loaded):
        one.partial_fit(X[105:], y[105:])
    assert_same_curves(loaded, est)
