"""What a net's criterion says about its targets, and the loss of each sample."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from math import inf

import numpy as np
import torch
from sklearn.base import is_regressor
from skorch import NeuralNet, NeuralNetBinaryClassifier
from torch import Tensor, nn

from sufficient.curvature.losses import per_sample_loss
from sufficient.curvature.objective import Objective
from sufficient.data.numbers import check_numbers
from sufficient.typing import ArrayLike, Net

__all__ = [
    "LOSSES_OF_DIFFERENCES",
    "TAKE_LOGITS",
    "criterion_class",
    "is_regression",
    "may_be_multilabel",
    "objective_of",
    "takes_rows",
    "tempered_loss",
]

# With these, targets may be moved and scaled; with others they may mean what they are.
LOSSES_OF_DIFFERENCES = (nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss)
# Their logits can be divided by a temperature.
TAKE_LOGITS = (nn.CrossEntropyLoss, nn.BCEWithLogitsLoss, nn.NLLLoss)
NOT_OF_LABELS = (nn.CrossEntropyLoss, nn.NLLLoss, *LOSSES_OF_DIFFERENCES)


def is_regression(estimator: Net) -> bool:
    """Whether the estimator given is a skorch regressor."""
    return isinstance(estimator, NeuralNet) and is_regressor(estimator)


def may_be_multilabel(estimator: Net) -> bool:
    """Whether the estimator given is a skorch net whose loss takes several labels."""
    return (
        isinstance(estimator, NeuralNet)
        and not isinstance(estimator, NeuralNetBinaryClassifier)
        and not is_regressor(estimator)
        and not issubclass(criterion_class(estimator), NOT_OF_LABELS)
    )


def takes_rows(estimator: Net, y: ArrayLike) -> bool:
    """Whether y may be two-dimensional; ValueError where it is and may not be."""
    if is_regression(estimator):
        check_numbers("y", y, "For labels, pass a skorch NeuralNetClassifier.")
        return True
    shape = np.asarray(y).shape
    rows = len(shape) == 2 and shape[1] > 1
    if rows and not may_be_multilabel(estimator):
        raise ValueError(
            "Classification needs one label per sample, y is 2-D. For several labels "
            "per sample, as rows of 0 and 1, pass a skorch NeuralNetClassifier with "
            "criterion=torch.nn.BCEWithLogitsLoss."
        )
    return rows


def criterion_class(net: NeuralNet) -> type:
    """The class of a net's criterion, which may be given as an instance."""
    given = net.criterion
    return given if inspect.isclass(given) else type(given)


def objective_of(
    net: NeuralNet, *, temperature: float = 1.0, cache_bytes: float = inf
) -> Objective:
    """Loss of every sample as the net's criterion sees it.

    Parameters
    ----------
    net : NeuralNet
        Initialised.
    temperature : float, default=1.0
        Divides the logits, where the criterion takes such.
    cache_bytes : float, default=inf
        Memory that Hessian products may keep between calls.

    Returns
    -------
    Objective
    """
    loss = tempered_loss(net)
    return Objective(
        net.module_, lambda z, y: loss(z, y, temperature), cache_bytes=cache_bytes
    )


def tempered_loss(net: NeuralNet) -> Callable[[Tensor, Tensor, float], Tensor]:
    """Loss of each sample for ``(outputs, y, temperature)``, as the criterion sees it.

    The temperature divides the logits, where the criterion takes such.
    """
    loss = per_sample_loss(net.criterion_)
    if isinstance(net.criterion_, nn.NLLLoss):
        return lambda z, y, temperature: loss(_log_probabilities(z, temperature), y)
    if isinstance(net.criterion_, TAKE_LOGITS):
        return lambda z, y, temperature: loss(
            z if temperature == 1 else z / temperature, y
        )
    return lambda z, y, temperature: loss(z, y)


def _log_probabilities(probabilities, temperature):
    logits = torch.log(probabilities + torch.finfo(probabilities.dtype).eps)
    if temperature == 1:
        return logits
    return torch.log_softmax(logits / temperature, dim=1)
