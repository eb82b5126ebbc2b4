"""Files to be asked about, an estimator that is only looked at, a Ctrl-C."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification, make_regression

from sufficient.estimator import SampleSizeEstimator
from sufficient.growing.probe import Probe


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Small files of every readable kind, and of many unreadable ones."""
    folder = tmp_path_factory.mktemp("data")
    X, y = make_classification(300, 8, random_state=0)
    Z, z = make_regression(300, 5, noise=1.0, random_state=0)
    words = np.where(y, "yes", "no")
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    tables = {
        "words": frame.assign(label=words),
        "moved": frame.assign(label=words)[["label", *"abcdefgh"]],
        "empty": frame.assign(label=words)[:0],
        "lonely": frame[["a"]],
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    tables["words"].to_csv(folder / "indexed.csv")
    (folder / "ragged.csv").write_text("a,b,y\n1,2,0\n2,3,1,5\n")
    (folder / "nothing.csv").touch()
    arrays = {
        "numbers": {"X": Z, "y": z},
        "ages": {"X": Z, "y": z.round()},
        "images": {"X": X.reshape(300, 1, 2, 4).repeat(8, axis=2), "y": y},
        "square": {"X": X[:, :1, None, None].repeat(8, 2).repeat(8, 3), "y": y},
        "misnamed": {"data": X, "labels": y},
        "unequal": {"X": X, "y": y[:-1]},
        "objects": {"X": X, "y": words.astype(object)},
        "one_class": {"X": X, "y": 0 * y},
    }
    for name, content in arrays.items():
        np.savez(folder / f"{name}.npz", **content)
    (folder / "nothing.npz").touch()
    (folder / "cut.npz").write_bytes((folder / "numbers.npz").read_bytes()[:900])
    np.save(folder / "array.npy", X)
    (folder / "array.npy").rename(folder / "array.npz")
    return folder


@pytest.fixture
def settings(monkeypatch):
    """Record the estimator instead of fitting it: the loop has tests of its own."""
    seen = {}

    def fit(estimator, X, y, **validation):
        seen.update(estimator.get_params(deep=False), X=X, y=y, **validation)
        raise ValueError("recorded")

    monkeypatch.setattr(SampleSizeEstimator, "fit", fit)
    return seen


@pytest.fixture
def interrupted(monkeypatch):
    """Press Ctrl-C before the measurement of the given number."""

    def press(number):
        calls, measure = iter(range(1, 99)), Probe.measure

        def measure_or_stop(*args):
            if next(calls) == number:
                raise KeyboardInterrupt
            return measure(*args)

        monkeypatch.setattr(Probe, "measure", measure_or_stop)

    return press
