"""The question as functions: the whole curve at once, or one size at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import check_array, check_X_y
from sklearn.utils._param_validation import validate_parameter_constraints
from sklearn.utils.validation import _check_y, check_consistent_length

from sufficient.data.dtypes import ACCEPTED
from sufficient.data.encoding import chosen_encoder
from sufficient.data.items import check_finite
from sufficient.data.numbers import check_numbers
from sufficient.data.several import read_fields
from sufficient.data.sources import column_of, is_source, source_of
from sufficient.data.targets import names_of_labels
from sufficient.growing.plan import Plan, plan_run
from sufficient.report.summary import warn_of_weaknesses
from sufficient.results import SampleSizeCurve
from sufficient.settings import Settings, constraints_of, with_settings
from sufficient.training.criteria import is_regression, takes_rows
from sufficient.typing import ArrayLike, Encoder, Net, RandomState

__all__ = ["iterate_sample_size_curve", "sample_size_curve"]

CONSTRAINTS = {
    **constraints_of(Settings),
    "checkpoint": [str, os.PathLike, None],
    "random_state": ["random_state"],
    "verbose": ["verbose"],
}


@with_settings
def sample_size_curve(
    estimator: Net,
    X: ArrayLike,
    y: ArrayLike,
    *,
    encoder: Encoder = "auto",
    checkpoint: str | os.PathLike[str] | None = None,
    random_state: RandomState = None,
    verbose: int = 0,
    **parameters: Any,
) -> SampleSizeCurve:
    """Loss-landscape change against training-set size, and the size that suffices.

    The function behind `SampleSizeEstimator`, for those who want the numbers and not a
    fitted estimator.

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
    encoder, checkpoint, random_state, verbose
        As in `SampleSizeEstimator`.
    **parameters
        Any other parameter of `SampleSizeEstimator`, from `tol` to `device`.

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
    rest = {"checkpoint": checkpoint, "random_state": random_state}
    plan = _plan("sample_size_curve", estimator, X, y, encoder, parameters, rest)
    curve = plan.follow(verbose)
    warn_of_weaknesses(curve, plan.run.settings)
    return curve


@with_settings
def iterate_sample_size_curve(
    estimator: Net,
    X: ArrayLike,
    y: ArrayLike,
    *,
    encoder: Encoder = "auto",
    checkpoint: str | os.PathLike[str] | None = None,
    random_state: RandomState = None,
    verbose: int = 0,
    **parameters: Any,
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
    encoder, checkpoint, random_state, verbose, **parameters
        As in `sample_size_curve`.

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
    rest = {"checkpoint": checkpoint, "random_state": random_state}
    plan = _plan(
        "iterate_sample_size_curve", estimator, X, y, encoder, parameters, rest
    )
    return plan.steps(verbose)


def _plan(
    caller: str,
    estimator: Net,
    X: ArrayLike,
    y: ArrayLike,
    encoder: Encoder,
    parameters: dict[str, Any],
    rest: dict[str, Any],
) -> Plan:
    validate_parameter_constraints(
        CONSTRAINTS, {**parameters, **rest}, caller_name=caller
    )
    settings, encoder = Settings(**parameters), chosen_encoder(encoder, X)
    names = names_of_labels(y)
    X, y = _checked(estimator, X, y, encoder)
    how = {"encoder": encoder, "label_names": names, **rest}
    return plan_run(estimator, X, y, settings, **how)


def _checked(
    estimator: Net, X: ArrayLike, y: ArrayLike, encoder: Encoder
) -> tuple[Any, np.ndarray]:
    regression = is_regression(estimator, y)
    several = partial(takes_rows, estimator)
    rules = {
        "dtype": ACCEPTED,
        "allow_nd": True,
        "ensure_min_samples": 4,
        "ensure_all_finite": False,
        "estimator": "sample_size_curve",
    }
    inputs = read_fields(X, y) if encoder is None else (X, y)
    if inputs is not None:
        X, y = inputs
        check_consistent_length(X, y)
        return X, _check_y(y, multi_output=several(y), y_numeric=regression)
    if is_source(X):
        X = source_of(X, target=column_of(y))
        check_array(X.head(), **rules)
        return X, X.checked_targets(y, regression=regression, several=several)
    check_numbers("X", X)
    X, y = check_X_y(X, y, multi_output=several(y), y_numeric=regression, **rules)
    check_finite(X)
    return X, y
