"""Several architectures on the same data: the papers' table, and a scorer."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils.metaestimators import _safe_split

from sufficient.fits import as_estimator, fit_as_row, last_step, side_by_side

__all__ = ["compare_architectures", "sample_size_scorer"]


def sample_size_scorer(estimator, X, y) -> float:
    """Score a fitted estimator by how little data it needs.

    For ``scoring=`` in scikit-learn's searches and `cross_validate`.

    Parameters
    ----------
    estimator : SampleSizeEstimator or Pipeline
        Fitted; of a pipeline the last step is asked.
    X, y : array-like
        Ignored; part of the interface of scorers.

    Returns
    -------
    float
        ``-n_samples_needed_``, so that larger is better.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> sample_size_scorer(SimpleNamespace(n_samples_needed_=640), None, None)
    -640.0
    """
    return -float(last_step(estimator).n_samples_needed_)


def compare_architectures(
    architectures: Mapping[str, object],
    X,
    y,
    *,
    cv: int | None = None,
    n_jobs: int | None = None,
    **parameters,
) -> pd.DataFrame:
    """Sample size, loss, score and time of several architectures on the same data.

    Parameters
    ----------
    architectures : mapping of str to estimator
        Anything that `SampleSizeEstimator` takes as its `estimator`, or a whole
        `SampleSizeEstimator`, or a pipeline that ends in one.
    X : array-like of shape (n_samples, ...)
        Objects.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Labels or targets.
    cv : int or None, default=None
        Folds over which every number is averaged; None fits once, on all data.
    n_jobs : int or None, default=None
        Fits at a time, of architectures and folds, in processes of their own; -1 takes
        all cores. The numbers do not depend on it: a fit computes on one thread,
        wherever it runs.
    **parameters
        Parameters of `SampleSizeEstimator` for those that are not one already.

    Returns
    -------
    DataFrame
        One row for each architecture: `tol`, `k_star` (NaN unless every fit reached
        it), `n_samples_needed`, `converged` (share of the fits), `train_loss`, `score`
        (on held-out data), `expected_gain`, `verdict` and `seconds`.

    Examples
    --------
    >>> from sufficient import compare_architectures
    >>> from sufficient.datasets import load_digits_images
    >>> from sufficient.nets import default_net
    >>> X, y = load_digits_images(n_samples=400)
    >>> nets = {"linear": default_net(module__hidden_sizes=()), "mlp": "mlp"}
    >>> table = compare_architectures(nets, X, y, schedule=[2, 3, 4], random_state=0)
    >>> table.index.tolist()
    ['linear', 'mlp']
    """
    estimators = {
        name: as_estimator(given, parameters) for name, given in architectures.items()
    }
    if cv is None:
        fits = [(estimator, X, y) for estimator in estimators.values()]
        rows = side_by_side(fit_as_row, fits, n_jobs)
    else:
        rows = _cross_fit(estimators.values(), X, y, cv, n_jobs)
    return pd.DataFrame(rows, index=pd.Index(estimators, name="architecture"))


def _cross_fit(estimators, X, y, cv, n_jobs):
    fits = [
        (estimator, X, y, split)
        for estimator in estimators
        for split in check_cv(cv, y, classifier=is_classifier(estimator)).split(X, y)
    ]
    rows = side_by_side(_fit_fold, fits, n_jobs)
    n_folds = len(rows) // len(estimators)
    return [
        _mean_row(pd.DataFrame(rows[first : first + n_folds]))
        for first in range(0, len(rows), n_folds)
    ]


def _fit_fold(estimator, X, y, split):
    train, test = split
    fitted = clone(estimator)
    row = fit_as_row(fitted, *_safe_split(fitted, X, y, train))
    return {**row, "score": fitted.score(*_safe_split(fitted, X, y, test, train))}


def _mean_row(rows):
    mean = rows.drop(columns="verdict").astype(float).mean(skipna=False).to_dict()
    return {**mean, "verdict": rows["verdict"].mode()[0]}
