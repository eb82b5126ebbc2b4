"""Transformers in a file. Oracle: a pickle that would run code is refused unread."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sufficient.data.encoding import table_encoder
from sufficient.storage.transformers import transformer_of, transformer_state
from tests.data.frames import KINDS, N


@pytest.mark.parametrize("kind", KINDS)
def test_an_encoder_of_every_kind_of_column_comes_back(kind):
    pytest.importorskip("skrub")
    frame = pd.DataFrame({"a": KINDS[kind](N), "b": np.linspace(0, 1, N)})
    encoder = table_encoder(frame).fit(frame)
    restored = transformer_of(transformer_state(encoder))
    expected = np.asarray(encoder.transform(frame))
    assert_array_equal(np.asarray(restored.transform(frame)), expected)


class Calls:
    """Unpickled by calling a function."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.mark.parametrize(
    "call",
    [
        (os.system, "touch {}"),
        (eval, "open('{}', 'w')"),
        (pickle.loads, pickle.dumps(None)),
        (np.save, "{}", 0),
        (np.load, "{}"),
    ],
    ids=["system", "eval", "loads", "save", "load"],
)
def test_a_call_is_refused_and_not_made(call, tmp_path):
    path = tmp_path / "made.npy"
    words = (w.format(path) if isinstance(w, str) else w for w in call)
    scaler = StandardScaler()
    scaler.mean_ = Calls(*words)
    state = torch.frombuffer(bytearray(pickle.dumps(scaler)), dtype=torch.uint8)
    with pytest.raises(ValueError, match="is no transformer that is read from a file"):
        transformer_of(state)
    assert not path.exists()


def test_expressions_of_skrub_are_refused():
    skrub = pytest.importorskip("skrub")
    learner = skrub.X(np.zeros((2, 1))).skb.apply(StandardScaler()).skb.make_learner()
    with pytest.raises(ValueError, match="SkrubLearner is no transformer"):
        transformer_state(learner)


def test_what_cannot_be_read_back_is_not_written():
    with pytest.raises(ValueError, match="pickle the estimator"):
        transformer_state(FunctionTransformer(lambda X: X))
