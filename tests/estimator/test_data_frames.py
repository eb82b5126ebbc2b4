"""Raw data frames in Python. Oracles: what scikit-learn makes of the training part."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone, is_regressor
from sklearn.model_selection import cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sufficient import SampleSizeEstimator, repeat_sample_size, sample_size_curve
from tests.data.frames import label_of, mixed_frame
from tests.same import assert_same_columns, assert_same_curves
from tests.small import SEEDED, small

pytest.importorskip("skrub")


@pytest.fixture(scope="module")
def table():
    frame = mixed_frame(200)
    return frame, label_of(frame)


@pytest.fixture(scope="module", params=[None, "mlp"])
def fitted(request, table):
    return small(request.param).fit(*table)


def test_one_row_does_not_tell_which_columns_are_constant(table):
    X, y = table
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        est = small("mlp").partial_fit(X[:1], y[:1])
    assert est.n_waiting_ == 1


def test_an_answer_and_predictions(fitted, table):
    X, y = table
    assert fitted.score(X, y) > 0.9
    assert fitted.feature_names_in_.tolist() == ["width", "wet", "colour"]
    assert fitted.n_features_in_ == 3
    assert_array_equal(fitted.predict(X)[:9], fitted.predict(X[:9]))
    unseen = X[:3].assign(colour=["pink", None, "red"])
    assert fitted.predict_proba(unseen).shape == (3, 2)


def test_the_encoder_has_seen_the_training_part_alone(fitted, table):
    X, _ = table
    train = X.iloc[fitted.train_indices_].astype({"wet": float})
    scaler = fitted.encoder_[1].transformers_["width"]["standardscaler"]
    filled = train["width"].fillna(train["width"].median())
    assert_allclose(scaler.mean_[0], filled.mean(), rtol=1e-5)
    assert len(fitted.train_indices_) == 160


def test_held_out_samples_do_not_change_the_encoder(table):
    X, y = table
    val = X[:40].assign(width=1e9, colour="violet")
    one = small().fit(X[40:], y[40:], X_val=X[:40], y_val=y[:40])
    two = small().fit(X[40:], y[40:], X_val=val, y_val=y[:40])
    assert_array_equal(one.encoder_.transform(X), two.encoder_.transform(X))
    for est, held_out in ((one, X[:40]), (two, val)):
        assert est.score_curve_[-1] == pytest.approx(est.score(held_out, y[:40]))


def test_frame_and_function_agree(fitted, table):
    curve = sample_size_curve(fitted.estimator, *table, **SEEDED)
    assert_same_columns(curve.columns, fitted.curves_)


def test_saved_and_loaded(fitted, table, tmp_path):
    X, y = table
    fitted.save(tmp_path)
    loaded = SampleSizeEstimator.load(tmp_path)
    assert_array_equal(loaded.predict_proba(X), fitted.predict_proba(X))
    assert loaded.score(X, y) == fitted.score(X, y)
    assert loaded.get_params(deep=False) == fitted.get_params(deep=False)
    assert_same_curves(clone(loaded).fit(X, y), fitted)


def test_pickled(fitted, table):
    copy = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(copy.predict(table[0]), fitted.predict(table[0]))


def test_a_checkpoint_goes_on(table, tmp_path):
    X, y = table
    whole = small(schedule=[1, 2, 4]).fit(X, y)
    kept = small(schedule=[1, 2, 4], checkpoint=tmp_path).fit(X, y)
    again = small(schedule=[1, 2, 4], checkpoint=tmp_path).fit(X, y)
    for est in (kept, again):
        assert_same_curves(whole, est)
        assert_array_equal(est.predict(X), whole.predict(X))
    with pytest.raises(ValueError, match="X differs"):
        small(schedule=[1, 2, 4], checkpoint=tmp_path).fit(X.assign(wet=~X["wet"]), y)


def test_clone_pipeline_and_cross_validation(table):
    X, y = table
    est = small("mlp")
    scores = cross_validate(make_pipeline(clone(est)), X, y, cv=2)["test_score"]
    assert (scores > 0.6).all()
    runs = repeat_sample_size(est, X, y, n_repeats=2, random_state=0).runs
    assert (runs["score"] > 0.6).all()


def test_batches_of_a_labelling_session(table, tmp_path):
    X, y = table
    est = small("mlp")
    for start in (0, 60, 120):
        est.partial_fit(X[start : start + 60], y[start : start + 60])
    assert est.score(X, y) > 0.8
    est.save(tmp_path)
    loaded = SampleSizeEstimator.load(tmp_path)
    for one in (est, loaded):
        one.partial_fit(X[180:], y[180:])
    assert_same_curves(est, loaded)


def test_other_columns_are_refused(fitted, table):
    X, _ = table
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(X[["wet", "width", "colour"]])
    with pytest.raises(ValueError, match="data frame"):
        fitted.predict(X.to_numpy())


def test_the_encoder_names_the_columns_that_it_makes(fitted, table):
    names = fitted.encoder_.get_feature_names_out().tolist()
    assert len(names) == fitted.encoder_.transform(table[0]).shape[1]
    assert {name.split("_")[0] for name in names} >= {"width", "wet", "colour"}


def test_frames_without_rows_are_refused_before_the_encoder(fitted, table):
    X, y = table
    with pytest.raises(ValueError, match=r"^Found array with 0 sample\(s\)"):
        fitted.predict(X[:0])
    with pytest.raises(ValueError, match=r"^X_unlabelled does not go with X.*0 sample"):
        small("mlp").fit(X, y, X_unlabelled=X[:0])


def test_an_encoder_of_ones_own_sees_the_training_part(digits, tmp_path):
    X, y = digits
    X = 1000 * X
    est = small("mlp", encoder=StandardScaler()).fit(X, y)
    assert_allclose(est.encoder_.mean_, X[est.train_indices_].mean(axis=0), rtol=1e-4)
    assert not hasattr(est.encoder, "mean_")
    est.save(tmp_path)
    loaded = SampleSizeEstimator.load(tmp_path)
    assert_array_equal(loaded.predict(X), est.predict(X))
    assert_same_curves(clone(loaded).fit(X, y), est)


def test_an_encoder_that_cannot_be_saved_is_told(digits, tmp_path):
    est = small(encoder=FunctionTransformer(np.exp)).fit(*digits)
    with pytest.raises(ValueError, match=r"encoder cannot be saved: numpy\.exp"):
        est.save(tmp_path)


def test_numbers_are_taken_as_they_are_and_refused_with_holes(digits):
    X, y = digits
    frame = pd.DataFrame(X).rename(columns=str)
    est = small().fit(frame, y)
    assert est.encoder_ is None
    assert_same_curves(est, small().fit(X, y))
    with pytest.raises(ValueError, match="NaN"):
        est.predict(frame.mask(frame > 0))


class TestKindOfTheTarget:
    @pytest.mark.parametrize("kind", [np.asarray, pd.Series, pd.DataFrame])
    def test_fractions_are_numbers(self, table, kind, tmp_path):
        X, _ = table
        y = np.where(X["wet"], 1.5, 3.25) + np.linspace(0, 1, len(X))
        est = small("mlp").fit(X, kind(y))
        assert is_regressor(est)
        assert est.score(X, y) > 0.5
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path)
        assert_array_equal(loaded.predict(X), est.predict(X))
        assert loaded.estimator == "mlp"

    @pytest.mark.parametrize("kind", [np.asarray, pd.DataFrame])
    def test_rows_of_zeros_and_ones_are_labels(self, table, kind, tmp_path):
        X, _ = table
        y = np.column_stack([X["wet"], X["colour"] == "red"]).astype(int)
        est = small("mlp").fit(X, kind(y))
        assert est.predict(X).shape == y.shape
        assert est.score(X, y) > 0.6
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path)
        assert_array_equal(loaded.predict_proba(X), est.predict_proba(X))

    def test_whole_numbers_are_classes(self, digits):
        est = small("mlp").fit(*digits)
        assert_array_equal(est.classes_, np.arange(10))

    def test_fractions_in_a_labelling_session(self, table):
        X, _ = table
        y = np.where(X["wet"], 1.5, 3.25) + np.linspace(0, 1, len(X))
        est = small("mlp")
        for start in (0, 100):
            est.partial_fit(X[start : start + 100], y[start : start + 100])
        assert est.score(X, y) > 0.3

    def test_none_classifies(self, table):
        X, _ = table
        with pytest.raises(ValueError, match=r'Unknown label type.*estimator="mlp"'):
            small(None).fit(X, np.linspace(0, 1, len(X)))
