"""Fingerprints. Oracle: whether two values differ."""

from __future__ import annotations

import copy
from functools import partial

import numpy as np
import pytest
import torch
from skorch.callbacks import EarlyStopping
from torch import nn

from sufficient import MLP
from sufficient.reproducibility.fingerprint import described


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (partial(MLP, hidden_sizes=(8,)), partial(MLP, hidden_sizes=(9,))),
        ({"a", "b"}, {"a", "c"}),
        (np.array(["a"]), np.array(["b"])),
        (torch.zeros(2), torch.zeros(3)),
        (torch.zeros(2), torch.zeros(2, dtype=torch.float64)),
        (EarlyStopping(patience=1), EarlyStopping(patience=2)),
        (nn.CrossEntropyLoss, nn.NLLLoss),
        (True, 1),
        ("1", 1),
    ],
)
def test_what_differs_has_another_fingerprint(one, other):
    assert described(one) != described(other)
    assert described(one) == described(copy.deepcopy(one))


def test_numbers_that_are_equal_have_one_fingerprint():
    assert described([1, 0.5]) == described((np.float32(1.0), np.float64(0.5)))
