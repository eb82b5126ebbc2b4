"""What a net's criterion says about its targets, and the loss of each sample."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from math import inf
from typing import TypeGuard

import numpy as np
import torch
from sklearn.base import is_regressor
from sklearn.utils.multiclass import type_of_target
from skorch import NeuralNet, NeuralNetBinaryClassifier
from torch import Tensor, nn

from sufficient.curvature.losses import Loss, per_sample_loss
from sufficient.curvature.objective import Objective
from sufficient.data.numbers import check_numbers
from sufficient.data.targets import check_targets
from sufficient.data.task import Task
from sufficient.nets import DEFAULT_MODULES, default_net
from sufficient.reproducibility.devices import default_device
from sufficient.typing import ArrayLike, Net

__all__ = [
    "LOSSES_OF_DIFFERENCES",
    "TAKE_LOGITS",
    "criterion_class",
    "is_regression",
    "lacks_criterion",
    "may_be_multilabel",
    "net_for",
    "objective_of",
    "takes_rows",
    "tempered_loss",
]

# With these, targets may be moved and scaled; with others they may mean what they are.
LOSSES_OF_DIFFERENCES = (nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss)
# Their logits can be divided by a temperature.
TAKE_LOGITS = (nn.CrossEntropyLoss, nn.BCEWithLogitsLoss, nn.NLLLoss)
NOT_OF_LABELS = (nn.CrossEntropyLoss, nn.NLLLoss, *LOSSES_OF_DIFFERENCES)


def lacks_criterion(estimator: Net) -> TypeGuard[str | nn.Module | type[nn.Module]]:
    """Whether a module, or the name of one, is given; the targets tell its loss."""
    is_class = inspect.isclass(estimator) and issubclass(estimator, nn.Module)
    return is_class or isinstance(estimator, (str, nn.Module))


def net_for(estimator: Net, task: Task) -> Net:
    """What a module or the name of a net stands for, with the criterion of the task."""
    if not lacks_criterion(estimator):
        return estimator
    is_name = isinstance(estimator, str)
    if is_name and (task.has_one_label or estimator not in DEFAULT_MODULES):
        return estimator
    several = not (task.is_regression or task.has_one_label)
    criterion = {"criterion": nn.BCEWithLogitsLoss} if several else {}
    return default_net(
        estimator,
        regression=task.is_regression,
        device=default_device(),
        **criterion,
    )


def is_regression(estimator: Net, y: ArrayLike = None) -> bool:
    """Whether a regressor is given, or a net without a criterion and fractions as y."""
    if lacks_criterion(estimator):
        return _kind_of(y).startswith("continuous")
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
    check_targets(y)
    if is_regression(estimator, y):
        check_numbers("y", y, "For labels, pass a skorch NeuralNetClassifier.")
        return True
    shape = np.asarray(y).shape
    rows = len(shape) == 2 and shape[1] > 1
    free = lacks_criterion(estimator) and _kind_of(y) == "multilabel-indicator"
    if rows and lacks_criterion(estimator) and not free:
        raise ValueError(
            "y has several columns, which hold neither fractions nor only 0 and 1. For "
            "several labels per sample, pass a column of 0 and 1 for each label; for "
            "one label per sample, a single column."
        )
    if rows and not (free or may_be_multilabel(estimator)):
        raise ValueError(
            "Classification needs one label per sample, y is 2-D. For several labels "
            'per sample, as rows of 0 and 1, pass estimator="mlp", or a skorch '
            "NeuralNetClassifier with criterion=torch.nn.BCEWithLogitsLoss."
        )
    return rows


def _kind_of(y):
    """As scikit-learn calls it; "unknown" where that is for later checks to tell."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of many classes.
            return type_of_target(y)
    except (TypeError, ValueError, RuntimeError):
        return "unknown"


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
    return Objective(net.module_, _loss_at(net, temperature), cache_bytes=cache_bytes)


def _loss_at(net: NeuralNet, temperature: float) -> Loss:
    """The criterion itself if it can be, since of some the derivatives are known."""
    if temperature == 1 and not isinstance(net.criterion_, nn.NLLLoss):
        return net.criterion_
    loss = tempered_loss(net)
    return lambda z, y: loss(z, y, temperature)


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
