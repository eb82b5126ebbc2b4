"""Check that values are numbers: neither text nor missing."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from sufficient.typing import ArrayLike

__all__ = ["check_detached", "check_numbers"]

ENCODE = "Pass a data frame, whose columns are encoded, or drop such features."


def check_numbers(name: str, values: ArrayLike, remedy: str = ENCODE) -> None:
    """Raise ValueError if text or objects cannot be converted to numbers.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    values : array-like
        Value of the argument.
    remedy : str, default=ENCODE
        Advice for the message.
    """
    check_detached(name, values)
    values = np.asarray(values)
    if values.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} is {values.dtype}.")
    if values.dtype.kind in "mM":
        raise ValueError(f"{name} holds dates or times, which are no numbers. {remedy}")
    if values.dtype.kind not in "OUS" or not values.ndim:
        return
    try:
        missing = np.isnan(values.astype(np.float64)).any()
    except ValueError as error:
        raise ValueError(
            f"{name} holds values that are not numbers ({error}). {remedy}"
        ) from None
    if missing:
        raise ValueError(f"{name} contains NaN or None. Fill or drop missing values.")


def check_detached(name: str, values: ArrayLike) -> None:
    """Raise ValueError for a tensor that is part of a computation."""
    if isinstance(values, Tensor) and values.requires_grad:
        raise ValueError(
            f"{name} is a tensor that requires grad. Pass {name}.detach()."
        )
