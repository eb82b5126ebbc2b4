"""The curve of whatever was fitted."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sufficient.results import SampleSizeCurve

__all__ = ["curve_of"]


def curve_of(found: Any) -> SampleSizeCurve:
    """The measurements of a fitted estimator, or of what holds one.

    Parameters
    ----------
    found : SampleSizeEstimator, Pipeline or SampleSizeCurve
        A pipeline has to end in a `SampleSizeEstimator`.

    Returns
    -------
    SampleSizeCurve

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is something else.
    """
    if isinstance(found, SampleSizeCurve):
        return found
    last = found[-1] if hasattr(found, "steps") else found
    if isinstance(last, BaseEstimator):
        check_is_fitted(last)
    curve = getattr(last, "curve_", None)
    if isinstance(curve, SampleSizeCurve):
        return curve
    raise TypeError(
        "This picture shows a fitted SampleSizeEstimator, a pipeline that ends in one, "
        f"or a SampleSizeCurve, got {type(last).__name__}. Fit a SampleSizeEstimator "
        "around it."
    )
