"""Weights of samples: targets that carry them, and means that count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

__all__ = [
    "Targets",
    "WeightedTargets",
    "as_targets",
    "given_targets",
    "linearised",
    "mean_by_weight",
    "values_of",
    "weights_or_ones",
]


@dataclass(frozen=True)
class WeightedTargets:
    """Targets in place of a tensor of them, each with the weight of its loss.

    Attributes
    ----------
    values : Tensor of shape (n,) or (n, n_targets)
        Encoded targets.
    weights : Tensor of shape (n,)
        Weights; 1 on average over all training samples.

    Examples
    --------
    >>> y = WeightedTargets(torch.tensor([0, 1, 1]), torch.tensor([0.5, 2.0, 0.5]))
    >>> len(y), y[1:].weights.tolist()
    (3, [2.0, 0.5])
    """

    values: Tensor
    weights: Tensor

    @property
    def ndim(self) -> int:
        """Dimensions of the targets."""
        return self.values.ndim

    def clone(self) -> WeightedTargets:
        """A copy."""
        return WeightedTargets(self.values.clone(), self.weights.clone())

    def repeat(self, times: int, *ones: int) -> WeightedTargets:
        """All samples one time after the other."""
        values = self.values.repeat(times, *ones)
        return WeightedTargets(values, self.weights.repeat(times))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> WeightedTargets:
        return WeightedTargets(self.values[rows], self.weights[rows])


Targets: TypeAlias = Tensor | WeightedTargets


def values_of(y: Targets) -> tuple[Tensor, Tensor | None]:
    """The targets themselves, and their weights or None."""
    return (y.values, y.weights) if isinstance(y, WeightedTargets) else (y, None)


def given_targets(y: Any) -> Any:
    """Targets and weights as skorch passes them on, in a list; others as they are."""
    return [y.values, y.weights] if isinstance(y, WeightedTargets) else y


def as_targets(given: Any) -> Any:
    """What `given_targets` was given."""
    return WeightedTargets(*given) if isinstance(given, list) else given


def weights_or_ones(weights: np.ndarray | None, n: int) -> np.ndarray:
    """The weights of n samples, which are 1 where none are given."""
    return np.ones(n) if weights is None else weights


def mean_by_weight(values: Tensor, weights: Tensor | None) -> Tensor:
    """Mean over the first axis, in which samples count by their weights."""
    if weights is None:
        return values.mean(0)
    return torch.tensordot(weights.to(values), values, 1) / weights.sum().to(values)


def linearised(each: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    r"""Numbers whose mean is a weighted mean, and whose spread is that of its error.

    .. math:: \bar x + v_i (x_i - \bar x), \qquad \bar x = \frac{1}{n} \sum_i v_i x_i,

    with weights divided by their mean, :math:`v_i`. Their variance over n is the
    squared standard error of the weighted mean, to first order.

    Parameters
    ----------
    each : ndarray of shape (n,)
        Values of samples.
    weights : ndarray of shape (n,) or None
        None returns them as they are.

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> linearised(np.array([0.0, 1.0]), np.array([1.0, 3.0])).tolist()
    [0.375, 1.125]
    """
    if weights is None:
        return each
    mean = np.average(each, weights=weights)
    return mean + weights / weights.mean() * (each - mean)
