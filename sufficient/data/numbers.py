"""Text and missing values are refused where numbers are needed."""

from __future__ import annotations

import numpy as np

from sufficient.typing import ArrayLike

__all__ = ["check_numbers"]

ENCODE = "Encode or drop such features."


def check_numbers(name: str, values: ArrayLike, remedy: str = ENCODE) -> None:
    """Raise ValueError where text or objects cannot be read as numbers.

    Parameters
    ----------
    name : str
        Of the argument.
    values : array-like
        Its value.
    remedy : str, default="Encode or drop such features."
        What to do.
    """
    values = np.asarray(values)
    if values.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} is {values.dtype}.")
    if values.dtype.kind not in "OUS" or not values.ndim:
        return
    try:
        missing = np.isnan(values.astype(np.float64)).any()
    except ValueError as error:
        raise ValueError(
            f"{name} holds what is no number ({error}). {remedy}"
        ) from None
    if missing:
        raise ValueError(f"{name} contains NaN or None. Fill or drop what is missing.")
