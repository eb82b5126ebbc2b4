"""Encoders of data frames. Oracles: scikit-learn's own, fitted to the same rows."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler, TargetEncoder

from sufficient.data.encoding import (
    chosen_encoder,
    encoded,
    fit_encoded,
    table_encoder,
)
from tests.data.frames import KINDS, N, mixed_frame

TRAIN = np.random.default_rng(0).permutation(N)[:80]
Y = np.arange(N) % 2


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((4, 2)),
        np.array([["a"], ["b"]], dtype=object),
        [[1.0, 2.0]],
        pd.DataFrame({"a": [1.0, 2.0], "b": [1, 2], "c": [True, False]}),
        pl.DataFrame({"a": [1.0, 2.0]}),
    ],
    ids=["numbers", "texts", "list", "frame", "polars"],
)
def test_arrays_and_frames_of_numbers_are_not_encoded(X):
    assert chosen_encoder("auto", X) is None
    assert chosen_encoder(None, mixed_frame()) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_every_kind_of_column_becomes_finite_numbers(kind, frame):
    X = pd.DataFrame({"a": KINDS[kind](N), "width": np.linspace(0, 1, N)})
    if frame is pl.DataFrame and kind in ("period", "ordered", "numbers and text"):
        pytest.skip("polars has no such column")
    X = frame(X) if frame is pd.DataFrame else pl.from_pandas(X)
    found = fit_encoded(table_encoder(pd.DataFrame({"a": KINDS[kind](N)})), X, Y, TRAIN)
    assert found.dtype == np.float32
    assert found.shape[0] == N
    assert found.shape[1] == 1 if kind == "nothing" else found.shape[1] >= 2


def test_numbers_are_as_of_scikit_learn_fitted_to_the_training_part():
    X = mixed_frame()[["width", "wet"]]
    found = fit_encoded(table_encoder(X), X, Y, TRAIN)
    X = X.astype(float)
    imputer = SimpleImputer(strategy="median", add_indicator=True)
    expected = make_pipeline(imputer, StandardScaler()).fit(X.iloc[TRAIN])
    np.testing.assert_allclose(found, expected.transform(X), rtol=1e-5, atol=1e-6)


def test_categories_are_as_of_scikit_learn_fitted_to_the_training_part():
    pytest.importorskip("skrub")
    X = mixed_frame()[["colour"]]
    X.iloc[np.setdiff1d(np.arange(N), TRAIN)[0]] = "seen nowhere else"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = fit_encoded(table_encoder(X), X, Y, TRAIN)
    one_hot = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    expected = one_hot.fit(X.iloc[TRAIN].to_numpy()).transform(X.to_numpy())
    np.testing.assert_array_equal(found, expected)


def test_an_encoder_of_the_targets_sees_those_of_the_training_part():
    X = mixed_frame()[["colour"]].to_numpy()
    encoder = TargetEncoder(random_state=0)
    found = fit_encoded(encoder, X, Y, TRAIN)
    expected = TargetEncoder(random_state=0)
    np.testing.assert_allclose(
        found[TRAIN], expected.fit_transform(X[TRAIN], Y[TRAIN]), rtol=1e-6
    )
    np.testing.assert_allclose(found[:5], encoded(encoder, X)[:5], atol=0.2)


def test_sparse_codes_are_made_dense():
    X = mixed_frame()[["colour"]]
    found = fit_encoded(OneHotEncoder(), X, Y, np.arange(N))
    np.testing.assert_array_equal(found.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.set_axis([*f.columns[:-1], "width"], axis=1), r"called \['width'"),
        (lambda f: f.assign(width="5 %"), r"\['width'\] hold percentages as text"),
        (lambda f: f.assign(width=[[1]] * N), r"\['width'\] hold lists or objects"),
        (lambda f: f.assign(width=np.inf), r"\['width'\] hold infinity"),
    ],
    ids=["duplicates", "percentages", "lists", "infinity"],
)
def test_cells_that_cannot_be_encoded_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        chosen_encoder("auto", change(mixed_frame()))


def test_columns_that_tell_nothing_are_named():
    frame = mixed_frame().assign(unit="cm", row=np.arange(N))
    with pytest.warns(UserWarning, match=r"unit \(constant\); row \(an id\)\. Drop"):
        chosen_encoder("auto", frame)


def test_texts_without_skrub_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "skrub", None)
    with pytest.raises(ImportError, match=r'\["?.colour.*"sufficient-data\[tables\]"'):
        chosen_encoder("auto", mixed_frame())


@pytest.mark.parametrize("given", ["one-hot", 3, StandardScaler])
def test_what_cannot_encode_is_told(given):
    with pytest.raises((ValueError, TypeError), match=r"transformer|instance"):
        chosen_encoder(given, np.zeros((4, 2)))
