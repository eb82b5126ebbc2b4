"""One set of data: in memory, in a mapped file, and what is answered for it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification

from tests.data.kinds import LABELS, N_COLUMNS, N, asked


@pytest.fixture(scope="module")
def data():
    X, codes = make_classification(
        N, N_COLUMNS, n_informative=4, n_classes=3, random_state=0
    )
    return X, LABELS[codes]


@pytest.fixture(scope="module")
def in_memory(data):
    return asked(*data)


@pytest.fixture(scope="module")
def mapped(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("mapped") / "X.npy"
    np.save(path, data[0])
    return np.load(path, mmap_mode="r")
