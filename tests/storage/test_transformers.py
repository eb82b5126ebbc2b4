"""Transformers as plain values. Oracle: the same codes, and nothing else is built."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sufficient.data.encoding import table_encoder
from sufficient.storage.transformers import transformer_of, transformer_state
from sufficient.storage.tree import packed, unpacked
from tests.data.frames import KINDS, N


@pytest.mark.parametrize("kind", KINDS)
def test_an_encoder_of_every_kind_of_column_comes_back(kind):
    pytest.importorskip("skrub")
    frame = pd.DataFrame({"a": KINDS[kind](N), "b": np.linspace(0, 1, N)})
    encoder = table_encoder(frame).fit(frame)
    restored = transformer_of(unpacked(*packed(transformer_state(encoder))))
    expected = np.asarray(encoder.transform(frame))
    assert_array_equal(np.asarray(restored.transform(frame)), expected)


@pytest.mark.parametrize(
    "state",
    [
        ("name", "os", "system"),
        ("object", "subprocess", "Popen", {"args": "touch made"}),
        ("name", "builtins", "eval"),
        ("object", "numpy", "clip", {}),
        ("name", "sklearn.utils", "check_array"),
        ("object", "sklearn.svm", "SVC", {}),
        ("object", "skrub._data_ops._estimator", "SkrubLearner", {}),
        ("object", "skrub", "SkrubLearner", {}),
    ],
    ids=lambda state: state[2],
)
def test_other_names_are_refused(state):
    nested = ("object", "sklearn.pipeline", "Pipeline", {"steps": [state]})
    for each in (state, nested):
        with pytest.raises(ValueError, match=r"is no (part of a transformer|class)"):
            transformer_of(each)


def test_tuples_and_words_of_the_data_are_no_marks():
    scaler = StandardScaler()
    scaler.mean_ = ("name", "os", "system"), {"$object": ["object"]}, {"object": 1}
    restored = transformer_of(unpacked(*packed(transformer_state(scaler))))
    assert restored.mean_ == scaler.mean_


def test_arrays_keep_their_order_in_memory():
    scaler = StandardScaler()
    scaler.mean_ = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    restored = transformer_of(transformer_state(scaler)).mean_
    assert_array_equal(restored, scaler.mean_)
    assert restored.flags.f_contiguous


def test_expressions_of_skrub_are_refused():
    skrub = pytest.importorskip("skrub")
    learner = skrub.X(np.zeros((2, 1))).skb.apply(StandardScaler()).skb.make_learner()
    with pytest.raises(ValueError, match="SkrubLearner is no part"):
        transformer_state(learner)


def test_what_cannot_be_read_back_is_not_written():
    with pytest.raises(ValueError, match="pickle the estimator"):
        transformer_state(FunctionTransformer(lambda X: X))
