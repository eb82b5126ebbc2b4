"""Weights of samples as the user gives them, checked and divided by their mean."""

from __future__ import annotations

import numpy as np

from sufficient.data.numbers import check_numbers
from sufficient.typing import ArrayLike

__all__ = ["checked_weights", "in_units", "relative_weights"]

ROUNDING = 1e-12

REMEDY = "Pass one number of 0 or more for each sample."


def checked_weights(
    given: ArrayLike, n: int, name: str = "sample_weight", *, zeros: bool = True
) -> np.ndarray | None:
    """Weights of n samples, or None where none are given.

    Parameters
    ----------
    given : array-like of shape (n,), or None
        What the user passes.
    n : int
        Number of samples.
    name : str, default="sample_weight"
        Of the argument, for messages.
    zeros : bool, default=True
        Whether some may be 0.

    Returns
    -------
    ndarray of shape (n,), float64, or None

    Raises
    ------
    ValueError
        If they are not one number of 0 or more for each sample, or all are 0.
    """
    if given is None:
        return None
    check_numbers(name, given, REMEDY)
    found = np.asarray(given)
    if found.shape != (n,):
        raise ValueError(f"{name} has shape {found.shape} for {n:,} samples. {REMEDY}")
    found = found.astype(np.float64)
    if not np.isfinite(found).all():
        raise ValueError(f"{name} contains NaN or infinity. {REMEDY}")
    if not found.any():
        raise ValueError(
            f"{name} is 0 for all samples. Pass weights that are not all zero."
        )
    least = found.min()
    if least < 0:
        raise ValueError(f"{name} is {least:g} for some samples. {REMEDY}")
    if least == 0 and not zeros:
        raise ValueError(f"{name} is 0 for some samples. Leave such samples out.")
    return found


def relative_weights(
    weights: np.ndarray | None, rows: np.ndarray | slice = slice(None)
) -> np.ndarray | None:
    """Weights divided by the mean of those of some rows; None where all are the same.

    Examples
    --------
    >>> relative_weights(np.array([1.0, 3.0])).tolist()
    [0.5, 1.5]
    >>> relative_weights(np.array([3.0, 3.0])) is None
    True
    """
    return None if weights is None else in_units(weights, weights[rows].mean())


def in_units(weights: np.ndarray, unit: float) -> np.ndarray | None:
    """Weights divided by a unit; None where all are as large, but for rounding."""
    # Samples of weight 0 are left out.
    is_same = np.allclose(weights[weights > 0], unit, rtol=ROUNDING, atol=0)
    return None if is_same else weights / unit
