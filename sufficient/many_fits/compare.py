"""Compare architectures on the same data, and score estimators by sample size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils._param_validation import validate_params
from sklearn.utils.metaestimators import _safe_split

from sufficient.estimator import SampleSizeEstimator
from sufficient.many_fits.rows import (
    as_estimator,
    fit_as_row,
    last_step,
    samples_needed,
)
from sufficient.many_fits.side_by_side import side_by_side
from sufficient.typing import ArrayLike, Net

__all__ = ["compare_architectures", "sample_size_scorer"]

CONSTRAINTS = {
    "architectures": [Mapping],
    "cv": ["cv_object"],
    "n_jobs": [Integral, None],
}
SPREAD = ["score", "n_samples_needed"]

Fold = tuple[np.ndarray, np.ndarray]


def sample_size_scorer(
    estimator: SampleSizeEstimator | Pipeline, X: ArrayLike, y: ArrayLike
) -> float:
    """Score a fitted estimator by the number of samples it needs; fewer is better.

    For the parameter `scoring` of scikit-learn's searches and `cross_validate`.

    Parameters
    ----------
    estimator : SampleSizeEstimator or Pipeline
        A fitted estimator, or a fitted pipeline that ends in one.
    X, y : array-like
        Ignored; part of the interface of scorers.

    Returns
    -------
    float
        ``-n_samples_needed_``, so that larger is better. Where that is None, because
        it is far beyond the data, the fitted line is followed as far as it takes;
        minus infinity where it does not fall.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> sample_size_scorer(SimpleNamespace(n_samples_needed_=640), None, None)
    -640.0
    """
    return -samples_needed(last_step(estimator))


@validate_params(CONSTRAINTS, prefer_skip_nested_validation=False)
def compare_architectures(
    architectures: Mapping[str, Net | SampleSizeEstimator | Pipeline],
    X: ArrayLike,
    y: ArrayLike,
    *,
    cv: Any = None,
    n_jobs: int | None = None,
    **parameters: Any,
) -> pd.DataFrame:
    """Sample size, loss, score and time of several architectures on the same data.

    Parameters
    ----------
    architectures : mapping of str to estimator
        Anything that `SampleSizeEstimator` takes as its `estimator`, or a whole
        `SampleSizeEstimator`, or a pipeline that ends in one. Cloned, never modified.
    X : array-like of shape (n_samples, ...)
        Samples.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Labels or targets.
    cv : int, cross-validation generator, iterable or None, default=None
        Folds, as `sklearn.model_selection.cross_validate` takes them; all architectures
        get the same ones. None fits each once, on all data.
    n_jobs : int or None, default=None
        Number of fits at a time, over all architectures and folds; -1 uses all cores.
        The numbers do not depend on it, because every fit computes on one thread.
    **parameters
        Parameters of `SampleSizeEstimator` for the architectures that are not one.

    Returns
    -------
    DataFrame
        One row for each architecture: `tol`, `k_star` (batches; NaN unless every fit
        reached it), `n_samples_needed` (samples; a forecast where it was not reached),
        `converged` (whether k* was reached, or the share of fits that reached it),
        `train_loss`, `expected_gain`, `verdict`, `score` and `seconds` of a fit.

        Without `cv`, the score is measured on the part of the data that the estimator
        holds out. With `cv`, it is measured on the test part of every fold. Numbers are
        then means over the folds, and the verdict is the most frequent one. Two more
        columns, `score_std` and `n_samples_needed_std`, are standard deviations over
        the folds (n - 1 in the divisor). A single forecast that is far too large
        distorts mean and deviation; `converged` shows whether there are forecasts.

    Raises
    ------
    ValueError
        If there is nothing to compare, or the data or parameters of a fit are invalid.

    See Also
    --------
    repeat_sample_size : Several seeds instead of several nets.
    sample_size_scorer : The sample size as a score, in a grid search.

    Notes
    -----
    The score is that of the net at the size where its loop stopped, so it belongs to
    the sample size in the same row. An architecture whose landscape settled early was
    trained on fewer samples than the others.

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
    if not architectures:
        raise ValueError("There is nothing to compare: pass at least one architecture.")
    estimators = {
        name: as_estimator(given, parameters) for name, given in architectures.items()
    }
    folds: Sequence[Fold | None] = [None]
    if cv is not None:
        folds = _folds(cv, estimators.values(), X, y)
    fits = [(one, X, y, fold) for one in estimators.values() for fold in folds]
    rows = pd.DataFrame(side_by_side(_fit_fold, fits, n_jobs))
    if cv is not None:
        places = [rows[i : i + len(folds)] for i in range(0, len(rows), len(folds))]
        rows = pd.DataFrame([_mean_over_folds(place) for place in places])
    return rows.set_axis(pd.Index(estimators, name="architecture"))


def _folds(
    cv: Any,
    estimators: Iterable[SampleSizeEstimator | Pipeline],
    X: ArrayLike,
    y: ArrayLike,
) -> list[Fold]:
    classify = all(map(is_classifier, estimators))
    return list(check_cv(cv, y, classifier=classify).split(X, y))


def _fit_fold(
    estimator: SampleSizeEstimator | Pipeline,
    X: ArrayLike,
    y: ArrayLike,
    fold: Fold | None,
) -> dict[str, Any]:
    fitted = clone(estimator)
    if fold is None:
        return fit_as_row(fitted, X, y)
    train, test = fold
    row = fit_as_row(fitted, *_safe_split(fitted, X, y, train))
    scorer = check_scoring(fitted, scoring=last_step(fitted).scoring)
    return {**row, "score": scorer(fitted, *_safe_split(fitted, X, y, test, train))}


def _mean_over_folds(rows: pd.DataFrame) -> dict[str, Any]:
    mean = rows.drop(columns="verdict").astype(float).mean(skipna=False)
    spread = rows[SPREAD].std().add_suffix("_std")
    return {**mean, "verdict": rows["verdict"].mode()[0], **spread}
