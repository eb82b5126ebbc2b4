"""The question as functions: the whole curve at once, or one size at a time."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import partial

import numpy as np
from sklearn.utils import check_array, check_X_y
from sklearn.utils._param_validation import (
    validate_parameter_constraints,
    validate_params,
)

from sufficient.data.numbers import check_numbers
from sufficient.data.sources import column_of, is_source, source_of
from sufficient.growing.plan import CurvePlan, plan_curve
from sufficient.growing.run import RunSettings
from sufficient.results import SampleSizeCurve
from sufficient.settings import PARAMETER_CONSTRAINTS
from sufficient.training.net import is_regression, takes_rows

__all__ = ["iterate_sample_size_curve", "sample_size_curve"]


@validate_params(PARAMETER_CONSTRAINTS, prefer_skip_nested_validation=False)
def sample_size_curve(
    estimator,
    X,
    y,
    *,
    tol: float = 0.025,
    batch_size: int | str = "auto",
    n_directions: int = 10,
    sigma: float | str = 1.0,
    bound: str = "projected",
    n_monte_carlo: int = 64,
    training: str = "update",
    scoring=None,
    min_gain: float = 0.01,
    patience: int = 2,
    validation_fraction: float | str = "auto",
    schedule: str | float | Sequence[int] = "geometric",
    update_epochs: int = 20,
    n_fresh: int = 2048,
    n_candidates: int = 4,
    eigen_tol: float = 1e-3,
    device: str | None = None,
    checkpoint: str | os.PathLike | None = None,
    random_state=None,
    verbose: int = 0,
) -> SampleSizeCurve:
    """Loss-landscape change against training-set size, and the size that suffices.

    The function behind `SampleSizeEstimator`, for those who want the numbers and not a
    fitted estimator. Parameters from `tol` on are those of the estimator.

    Parameters
    ----------
    estimator : skorch net, "mlp", "cnn" or None
        Cloned, never modified; None is "mlp".
    X : array-like of shape (n_samples, n_features) or (n_samples, channels, height, \
width)
        Samples; read on demand as by `SampleSizeEstimator.fit`.
    y : array-like of shape (n_samples,) or (n_samples, n_targets), str or None
        Labels, rows of 0 and 1 for several labels at once, or regression targets; a
        name or None as there.

    Returns
    -------
    SampleSizeCurve

    See Also
    --------
    SampleSizeEstimator : The same with scikit-learn's manners.
    iterate_sample_size_curve : The same for a loop of your own.
    sklearn.model_selection.learning_curve : Scores, not landscapes, along sizes.

    Examples
    --------
    >>> from sufficient import sample_size_curve
    >>> from sufficient.datasets import load_digits_images
    >>> X, y = load_digits_images(n_samples=400)
    >>> curve = sample_size_curve("mlp", X, y, schedule=[2, 3, 5], random_state=0)
    >>> curve.columns["batch_count"].astype(int).tolist()
    [2, 3, 5]
    """
    settings = RunSettings(
        tol=tol,
        batch_size=batch_size,
        n_directions=n_directions,
        sigma=sigma,
        bound=bound,
        n_monte_carlo=n_monte_carlo,
        training=training,
        scoring=scoring,
        min_gain=min_gain,
        patience=patience,
        validation_fraction=validation_fraction,
        schedule=schedule,
        update_epochs=update_epochs,
        n_fresh=n_fresh,
        n_candidates=n_candidates,
        eigen_tol=eigen_tol,
        device=device,
    )
    plan = _plan(estimator, X, y, settings, random_state, checkpoint)
    plan.follow(verbose)
    return plan.run.answer()


def iterate_sample_size_curve(
    estimator, X, y, **parameters
) -> Iterator[SampleSizeCurve]:
    """As `sample_size_curve`, for a loop of your own: the answer after every size.

    Stop whenever you like; what has been yielded is what `sample_size_curve` would
    have measured up to there.

    Parameters
    ----------
    estimator : skorch net, "mlp", "cnn" or None
        Cloned, never modified; None is "mlp".
    X : array-like of shape (n_samples, ...)
        Samples.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Labels, or regression targets.
    **parameters
        Those of `sample_size_curve`.

    Yields
    ------
    SampleSizeCurve
        The curve so far. Its `net` is trained on in the next step; copy it to keep it.

    Examples
    --------
    >>> from sufficient import iterate_sample_size_curve
    >>> from sufficient.datasets import load_digits_images
    >>> X, y = load_digits_images(n_samples=400)
    >>> for curve in iterate_sample_size_curve("mlp", X, y, random_state=0):
    ...     if curve.columns["validation_score"][-1] > 0.5:
    ...         break
    >>> int(curve.columns["train_size"][-1])
    80
    """
    every = inspect.signature(sample_size_curve).bind(estimator, X, y, **parameters)
    every.apply_defaults()
    chosen = every.kwargs
    validate_parameter_constraints(
        PARAMETER_CONSTRAINTS, chosen, caller_name="iterate_sample_size_curve"
    )
    settings = RunSettings(**{f.name: chosen[f.name] for f in fields(RunSettings)})
    plan = _plan(
        estimator, X, y, settings, chosen["random_state"], chosen["checkpoint"]
    )
    return plan.answers(chosen["verbose"])


def _plan(estimator, X, y, settings, random_state, checkpoint) -> CurvePlan:
    regression = is_regression(estimator)
    rules = {
        "dtype": np.float32,
        "allow_nd": True,
        "ensure_min_samples": 4,
        "estimator": "sample_size_curve",
    }
    if is_source(X):
        X = source_of(X, target=column_of(y))
        check_array(X.head(), **rules)
        several = partial(takes_rows, estimator)
        y = X.checked_targets(y, regression=regression, several=several)
    else:
        check_numbers("X", X)
        rows = takes_rows(estimator, y)
        X, y = check_X_y(X, y, multi_output=rows, y_numeric=regression, **rules)
    return plan_curve(estimator, X, y, settings, random_state, checkpoint)
