"""Names of several labels. Oracle: the columns of the data frame that was given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from sufficient import SampleSizeEstimator, sample_size_curve
from tests.small import SEEDED, small

NAMES = ["owl", "cat", "dog"]
X = np.random.default_rng(0).standard_normal((160, 4)).astype(np.float32)
Y = pd.DataFrame((X[:, :3] > 0.5).astype(int), columns=NAMES)


@pytest.fixture(scope="module")
def fitted():
    return small("mlp").fit(X, Y)


def test_classes_are_the_columns_in_their_order(fitted):
    assert fitted.classes_.tolist() == NAMES
    assert fitted.predict(X).shape == Y.shape
    assert fitted.curve_.by_class.classes.tolist() == NAMES
    assert set(fitted.label_next(10)) == set(NAMES)
    assert_array_equal(fitted.predict(X), small("mlp").fit(X, Y.to_numpy()).predict(X))


def test_a_column_of_the_prediction_is_that_of_its_name(fitted):
    shares = fitted.predict_proba(X)
    found = np.corrcoef(shares.T, Y.to_numpy().T)[:3, 3:]
    assert found.argmax(axis=1).tolist() == [0, 1, 2]


def test_the_report_names_them(fitted, tmp_path):
    page = fitted.report(tmp_path / "report.html").read_text()
    assert all(name in page for name in NAMES)


def test_frames_of_polars_have_names_and_arrays_have_numbers():
    assert small("mlp").fit(X, pl.from_pandas(Y)).classes_.tolist() == NAMES
    assert small("mlp").fit(X, Y.to_numpy()).classes_.tolist() == [0, 1, 2]
    unnamed = Y.set_axis([0, 1, 2], axis=1)
    assert small("mlp").fit(X, unnamed).classes_.tolist() == [0, 1, 2]
    curve = sample_size_curve("mlp", X, Y, **SEEDED)
    assert curve.task.classes.tolist() == NAMES


def test_they_are_saved_and_kept_in_a_session(fitted, tmp_path):
    fitted.save(tmp_path / "fitted")
    loaded = SampleSizeEstimator.load(tmp_path / "fitted")
    assert loaded.classes_.tolist() == NAMES
    session = small("mlp").partial_fit(X[:80], Y[:80]).partial_fit(X[80:], Y[80:])
    assert session.classes_.tolist() == NAMES
    session.save(tmp_path / "session")
    assert SampleSizeEstimator.load(tmp_path / "session").classes_.tolist() == NAMES
    with pytest.raises(ValueError, match=r"columns of y are dog.*were owl, cat, dog"):
        session.partial_fit(X, Y[["dog", "cat", "owl"]])
    waiting = small("mlp").partial_fit(X[:5], Y[:5])
    with pytest.raises(ValueError, match=r"columns of y are dog.*were owl, cat, dog"):
        waiting.partial_fit(X, Y[["dog", "cat", "owl"]])
    assert waiting.partial_fit(X, Y.to_numpy()).classes_.tolist() == NAMES
    given = small("mlp").partial_fit(X, Y.to_numpy(), classes=NAMES)
    assert given.classes_.tolist() == NAMES


@pytest.mark.parametrize("values", [("no", "yes"), (1, 2)], ids=["words", "numbers"])
def test_labels_in_other_values_than_0_and_1_are_refused(values):
    other = Y.astype(object).where(Y == 1, values[0]).where(Y == 0, values[1])
    with pytest.raises(ValueError, match=r"a column of 0 and 1 for each label"):
        small("mlp").fit(X, other)
