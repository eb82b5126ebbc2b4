"""How well the net does on seen and on held-out samples, by any scikit-learn scorer."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring
from sklearn.utils import ClassifierTags, RegressorTags, resample
from skorch import NeuralNet

from sufficient.data.parts import in_parts
from sufficient.data.samples import Samples
from sufficient.data.task import Task
from sufficient.ranks import by_shares

__all__ = ["answers_for", "scores_by_scorer", "scores_of"]

N_RESAMPLES = 10


def scores_of(
    net: NeuralNet,
    task: Task,
    scoring: str | Callable[..., float] | None,
    seen: Samples,
    held_out: Samples,
    predictions: Callable[[Samples], np.ndarray] | None = None,
) -> dict[str, float]:
    """Scores of the trained net on seen and held-out samples.

    Parameters
    ----------
    net : NeuralNet
        The trained net.
    task : Task
        How targets are read.
    scoring : str, callable or None
        A scorer, as everywhere in scikit-learn; None is the accuracy or R^2.
    seen, held_out : Samples
        Training set and held-out part.
    predictions : callable or None, default=None
        Predictions for the samples seen, where they are known already.

    Returns
    -------
    dict of str to float
        `train_score`, `validation_score`, `validation_score_std_err`, and
        `chance_score`, that of an answer which does not look at the samples.
    """
    if scoring is not None:
        return scores_by_scorer(net, task, scoring, seen, held_out)
    answers = partial(task.answers, net)
    predict = predictions or (lambda part: answers_for(answers, part))
    targets, seen_targets = held_out.y.cpu().numpy(), seen.y.cpu().numpy()
    score = task.score(targets, in_parts(answers, held_out.X))
    return {
        "train_score": task.score(seen_targets, predict(seen)),
        "validation_score": score,
        "validation_score_std_err": task.score_std_err(score, len(targets)),
        "chance_score": task.chance(seen_targets, targets),
    }


def answers_for(answers: Callable[[Any], np.ndarray], samples: Samples) -> np.ndarray:
    """Predictions for samples, of which each rank makes its share."""
    return by_shares(partial(in_parts, answers), samples.X)


def scores_by_scorer(
    net: NeuralNet,
    task: Task,
    scoring: str | Callable[..., float],
    seen: Samples,
    held_out: Samples,
) -> dict[str, float]:
    """Scores in the user's terms: labels and targets as they were given.

    Parameters
    ----------
    net : NeuralNet
        The trained net.
    task : Task
        How targets are read.
    scoring : str or callable
        As everywhere in scikit-learn; larger is better.
    seen, held_out : Samples
        Training set and held-out part, in random order: where they are larger than
        memory, the first that fit are scored.

    Returns
    -------
    dict of str to float
        `train_score`, `validation_score`, `validation_score_std_err` by resampling the
        held-out samples, and `chance_score`, that of an answer which does not look at
        the samples.
    """
    estimator = _NetInUse(net, task)
    scorer = check_scoring(estimator, scoring=scoring)
    (X_seen, y_seen), (X, y) = (
        _as_given(task, part.in_memory) for part in (seen, held_out)
    )
    score = partial(_score, scorer, task)
    validation = score(estimator, X, y)
    chance = score(task.constant_answer(y_seen), X, y)
    # Resamples of few samples may all score the same; one of them is then in doubt.
    least = abs(validation - chance) / len(y)
    return {
        "train_score": score(estimator, X_seen, y_seen),
        "validation_score": validation,
        "validation_score_std_err": max(_std_err(score, estimator, X, y), least),
        "chance_score": chance,
    }


class _NetInUse(BaseEstimator):
    """The net as a fitted estimator, which is what scorers ask."""

    def __init__(self, net, task):
        self.net, self.task = net, task
        self.__dict__.update(task.fitted_attributes())

    def fit(self, X, y):
        """Nothing to do: the net is trained."""
        return self

    def predict(self, X):
        """Labels or targets as they were given."""
        return self.task.decode(self.task.answers(self.net, X))

    def predict_proba(self, X):
        """Class probabilities."""
        return self.net.predict_proba(X)

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if self.task.is_regression:
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        else:
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        return tags


def _as_given(task, samples):
    return samples.X.cpu().numpy(), task.decode(samples.y.cpu().numpy())


def _score(scorer, task, estimator, X, y):
    """One number; NaN, with a warning, where a class is missing that is needed."""
    try:
        score = scorer(estimator, X, y)
    except ValueError as error:
        if not task.lacks_labels(y):
            raise
        warnings.warn(
            f"The score is not defined for samples of some classes only: {error}. It "
            "is NaN there; hold more samples out, or take another scoring.",
            stacklevel=2,
        )
        return np.nan
    try:
        return float(score)
    except (TypeError, ValueError):
        raise ValueError(
            f"scoring must give one number, got {type(score).__name__}. Pass a single "
            "metric."
        ) from None


def _std_err(score, estimator, X, y):
    """Spread over resamples; stratified, so that no class is missing from any."""
    stratify = y if estimator.task.has_one_label else None
    samples = (
        resample(X, y, stratify=stratify, random_state=i) for i in range(N_RESAMPLES)
    )
    scores = [score(estimator, *sample) for sample in samples]
    return float(np.std(scores, ddof=1))
