"""Check that values are numbers: neither text nor missing."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from sufficient.typing import ArrayLike

__all__ = ["FILLED", "check_detached", "check_numbers", "check_whole"]

FILLED = "fit on a data frame, whose missing values are filled"
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
    _check_same_lengths(name, values)
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
        raise ValueError(
            f"{name} contains NaN or None. Fill or drop missing values, or {FILLED}."
        )


def check_detached(name: str, values: ArrayLike) -> None:
    """Raise ValueError for a tensor that is part of a computation."""
    if isinstance(values, Tensor) and values.requires_grad:
        raise ValueError(
            f"{name} is a tensor that requires grad. Pass {name}.detach()."
        )


def check_whole(values: np.ndarray) -> None:
    """Raise ValueError if there are fractions among what the net takes as integers."""
    if values.dtype.kind == "f" and (values % 1 != 0).any():
        raise ValueError(
            "X holds fractions or missing values, but the net takes whole numbers, "
            "such as the ids of tokens. Pass integers."
        )


def _check_same_lengths(name, values):
    """Raise ValueError if the rows are sequences of several lengths."""
    is_list = isinstance(values, (list, tuple))
    is_column = isinstance(values, np.ndarray) and values.dtype == object
    if not (is_list or is_column) or not len(values):
        return
    lengths = [len(row) if hasattr(row, "__len__") else 0 for row in values]
    if min(lengths) < max(lengths) and not any(isinstance(r, str) for r in values):
        raise ValueError(
            f"The rows of {name} are sequences of {min(lengths)} to {max(lengths)} "
            "entries. Pad them to one length, with an id that the net knows as "
            "padding: torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)."
        )
