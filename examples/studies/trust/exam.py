"""Scores on the test set, and how sure they are."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from sklearn.metrics import accuracy_score, f1_score, r2_score, roc_auc_score
from torch.nn.functional import cross_entropy

from sufficient import SampleSizeEstimator

from .data import Data

__all__ = ["constant_scores", "spread", "test_loss", "test_scores"]

N_RESAMPLES = 100
METRICS: dict[str | None, Callable] = {"roc_auc": roc_auc_score, "f1": f1_score}


def test_scores(est: SampleSizeEstimator, data: Data) -> np.ndarray:
    """The score on the test set, and on 100 resamples of it, by what the fit asks for.

    The resamples are the same for all fits, so that two fits can be compared on them.
    """
    if est.scoring == "roc_auc":
        answers = est.predict_proba(data.X_test)[:, 1]
    else:
        answers = est.predict(data.X_test)
    return _scores(est.scoring, data, answers)


def constant_scores(scoring: str | None, data: Data) -> np.ndarray:
    """The same for the mean of the targets, or the most frequent class."""
    if data.is_regression:
        answer = data.y.mean()
    else:
        labels, counts = np.unique(data.y, return_counts=True)
        answer = labels[counts.argmax()]
    return _scores(scoring, data, np.full(len(data.y_test), answer))


def spread(scores: np.ndarray) -> float:
    """Standard error of the first of the scores, from the resamples."""
    return float(scores[1:].std(ddof=1))


def test_loss(est: SampleSizeEstimator, data: Data, temperature: float) -> float:
    """Log-loss with the logits divided by a temperature, or 1 - R^2."""
    if data.is_regression:
        return 1 - r2_score(data.y_test, est.predict(data.X_test))
    labels = torch.from_numpy(np.searchsorted(est.classes_, data.y_test))
    with torch.no_grad():
        logits = est.estimator_.module_.eval()(torch.from_numpy(data.X_test))
    return float(cross_entropy(logits / temperature, labels))


def _scores(scoring, data, answers):
    metric = METRICS.get(scoring, r2_score if data.is_regression else accuracy_score)
    rows = [slice(None), *_resamples(len(data.y_test))]
    return np.array([metric(data.y_test[some], answers[some]) for some in rows])


@cache
def _resamples(n):
    return np.random.default_rng(0).integers(n, size=(N_RESAMPLES, n))
