"""Checks that losses and derivatives are finite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["check_displaced", "check_finite"]


def check_finite(value: float, n_samples: int, what: str = "loss in training") -> None:
    """Raise ValueError if a loss, or a sum of its derivatives, is not finite.

    Parameters
    ----------
    value : float
        The loss, or a sum of derivatives.
    n_samples : int
        Size of the training set, for the message.
    what : str, default="loss in training"
        Name of the value, for the message.
    """
    if not np.isfinite(value):
        raise ValueError(
            f"The {what} became {value} with {n_samples} samples. Lower the "
            "learning rate, scale X, or check that the criterion fits the outputs."
        )


def check_displaced(losses: Sequence[np.ndarray], sigma: float, n_samples: int) -> None:
    """Raise ValueError if the loss is not finite at displaced weights.

    Parameters
    ----------
    losses : sequence of ndarray
        Losses at random displacements.
    sigma : float
        Standard deviation of the displacements, for the message.
    n_samples : int
        Size of the training set, for the message.
    """
    if not all(np.isfinite(each).all() for each in losses):
        raise ValueError(
            f"With {n_samples} samples the loss is infinite at weights displaced by "
            f"sigma={sigma:.3g}. Lower sigma, pass sigma='auto', or scale X."
        )
