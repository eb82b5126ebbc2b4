"""Default fits, with forecasts and test scores of each class."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import recall_score

from sufficient import SampleSizeEstimator

from ..common.quiet import quiet
from ..trust.data import Data, load

__all__ = ["FULL", "PARTS", "SMALL", "fits"]

PARTS = "Fashion-MNIST", "cut of diamonds"
# Samples given, each twice the one before, and seeds.
FULL, SMALL = ((1_280, 2_560, 5_120), 5), ((640, 1_280), 2)


def fits(name: str, given: tuple[int, ...], n_seeds: int) -> list[dict]:
    """One row for each size and seed.

    Parameters
    ----------
    name : str
        One of `PARTS`.
    given : tuple of int
        Samples given to a fit; part of them are held out.
    n_seeds : int
        Fits of each size.
    """
    data = load(name)
    return [_row(data, n, seed) for seed in range(n_seeds) for n in given]


def _row(data: Data, n: int, seed: int) -> dict:
    X, y = data.given(n, seed)
    with quiet(UserWarning):
        est = SampleSizeEstimator(random_state=seed, verbose=0).fit(X, y)
        first = next(iter(est.label_next(n // 10)))
    predicted = est.predict(data.X_test)
    recalls = recall_score(
        data.y_test, predicted, labels=est.classes_, average=None, zero_division=0
    )
    return {
        "n": n,
        "seed": seed,
        "named_first": int(np.flatnonzero(est.classes_ == first)[0]),
        "recalls": recalls.tolist(),
        "gains": [gain.expected for gain in est.class_gains_],
        "lows": [gain.interval[0] for gain in est.class_gains_],
        "highs": [gain.interval[1] for gain in est.class_gains_],
    }
