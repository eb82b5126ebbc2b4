"""Scores by any scikit-learn scorer, in the user's own labels and targets."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from difflib import get_close_matches
from functools import cached_property, partial
from inspect import signature

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.utils import ClassifierTags, RegressorTags
from skorch import NeuralNet

from sufficient.data.samples import Samples
from sufficient.data.task import Task
from sufficient.fields import as_given

__all__ = ["check_scoring_name", "contributions_by_scorer", "score_by_scorer"]

N_GROUPS = 16


def check_scoring_name(scoring: str | Callable | None) -> None:
    """Raise ValueError, with names that are close, unless there is such a scorer."""
    if not isinstance(scoring, str) or scoring in (names := get_scorer_names()):
        return
    close = get_close_matches(scoring, names, cutoff=0.5)
    close += [name for name in names if scoring in name and name not in close]
    found = f"Did you mean {', '.join(map(repr, close[:5]))}? " if close else ""
    raise ValueError(
        f"scoring={scoring!r} is no scorer of scikit-learn. {found}All names are in "
        "sklearn.metrics.get_scorer_names()."
    )


def score_by_scorer(
    net: NeuralNet, task: Task, scoring: str | Callable, samples: Samples
) -> float:
    """Score of a net on samples, of which as many as fit in memory.

    Parameters
    ----------
    net : NeuralNet
        The trained net.
    task : Task
        How targets are read.
    scoring : str or callable
        As everywhere in scikit-learn; larger is better.
    samples : Samples
        In random order; their weights are given to scorers that take them.

    Returns
    -------
    float
    """
    estimator = _NetInUse(net, task)
    score = partial(_score, check_scoring(estimator, scoring=scoring), task)
    return score(estimator, *_as_given(task, samples.in_memory))


def contributions_by_scorer(
    net: NeuralNet,
    task: Task,
    scoring: str | Callable,
    seen: Samples,
    held_out: Samples,
) -> tuple[np.ndarray, np.ndarray]:
    """What 16 groups of held-out samples add to the score: jackknife pseudo-values.

    The groups are the same at every size. With s the score, and s(-g) that without
    group g, the group adds ``G s - (G - 1) s(-g)``, shifted so that the mean is s.
    Where s(-g) is not defined, because only g has one of the classes, it is taken to be
    the score of a constant answer.

    Parameters
    ----------
    net, task, scoring
        As in `score_by_scorer`.
    seen, held_out : Samples
        Training set and held-out part.

    Returns
    -------
    each, constant : ndarray of shape (n_groups,)
        Of the net, and of a constant answer.
    """
    estimator = _NetInUse(net, task)
    scorer = check_scoring(estimator, scoring=scoring)
    X, y, weights = _as_given(task, held_out.in_memory)
    if isinstance(scoring, str):
        # Such a scorer only asks for predictions, which are made once for all groups.
        estimator, X = _AnswersKnown(net, task, X), np.arange(len(y))
    constant = task.constant_answer(*_as_given(task, seen.in_memory)[1:])
    rest = _all_but_a_group(task, y)
    chance = _score(scorer, task, constant, X, y, weights)
    each, of_constant = (
        _pseudo_values(partial(_score, scorer, task, one), X, y, weights, rest, chance)
        for one in (estimator, constant)
    )
    return each, of_constant


def _all_but_a_group(task, y):
    """Numbers of the samples outside of each group; classes are spread over groups."""
    n_groups, nothing = min(N_GROUPS, len(y)), np.zeros(len(y))
    folds = KFold(n_groups)
    if task.has_one_label and np.unique(y, return_counts=True)[1].max() >= n_groups:
        folds = StratifiedKFold(n_groups)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")
        return [rest for rest, _ in folds.split(nothing, y)]


def _pseudo_values(score, X, y, weights, rest, chance):
    whole, n = score(X, y, weights), len(rest)
    with warnings.catch_warnings():
        # What is not defined for all samples has been told of already.
        warnings.simplefilter("ignore")
        without = np.array([
            score(X[rows], y[rows], None if weights is None else weights[rows])
            for rows in rest
        ])  # fmt: skip
    without = np.where(np.isfinite(without), without, chance)
    values = n * whole - (n - 1) * without
    return whole + values - values.mean()


def _takes_weights(scorer):
    """Whether a scorer of scikit-learn, or a function, counts weights of samples."""
    accepts = getattr(scorer, "_accept_sample_weight", None)
    return accepts() if accepts else "sample_weight" in signature(scorer).parameters


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
        return self.net.predict_proba(as_given(X))

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if self.task.is_regression:
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        else:
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        return tags


class _AnswersKnown(_NetInUse):
    """The same for samples that are known by their numbers."""

    def __init__(self, net, task, X):
        super().__init__(net, task)
        self.X = X

    @cached_property
    def _predictions(self):
        return super().predict(self.X)

    @cached_property
    def _probabilities(self):
        return super().predict_proba(self.X)

    def predict(self, rows):
        """Labels or targets of the samples with these numbers."""
        return self._predictions[rows]

    def predict_proba(self, rows):
        """Class probabilities of the samples with these numbers."""
        return self._probabilities[rows]


def _as_given(task, samples):
    y = task.decode(samples.y.cpu().numpy())
    return samples.X.cpu().numpy(), y, samples.counted


def _score(scorer, task, estimator, X, y, weights):
    """One number; NaN, with a warning, where a class is missing that is needed."""
    unweighted = weights is None or not _takes_weights(scorer)
    counted = {} if unweighted else {"sample_weight": weights}
    try:
        score = scorer(estimator, X, y, **counted)
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
