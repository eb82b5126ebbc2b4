"""Refuse what would otherwise give a silent wrong answer."""

from __future__ import annotations

import numpy as np
import torch
from skorch import NeuralNet
from torch import Tensor, nn

from sufficient.task import Classification, Regression

__all__ = ["check_class_counts", "check_net_fits_data"]


def check_class_counts(codes: np.ndarray, task: Classification) -> None:
    """Raise ValueError where a class appears only once.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        Class codes.
    task : Classification
        Names the classes.
    """
    counts = np.bincount(codes, minlength=task.n_outputs)
    rare = task.classes[counts < 2]
    if len(rare):
        raise ValueError(
            f"The class {rare[0]} has fewer than 2 samples, so it cannot be both "
            "trained on and held out. Label more of it, or leave it out; if y is a "
            "quantity and not a label, pass a skorch NeuralNetRegressor."
        )


def check_net_fits_data(
    net: NeuralNet, X: Tensor, task: Classification | Regression
) -> None:
    """Raise ValueError where the outputs of a fresh net cannot mean what they should.

    Parameters
    ----------
    net : NeuralNet
        Initialised.
    X : Tensor
        A few objects.
    task : Classification or Regression
        What is asked.
    """
    output = _output(net, X)
    if isinstance(net.criterion_, nn.NLLLoss) and not _are_probabilities(output):
        raise ValueError(
            "NLLLoss is given outputs that are not probabilities; its loss would be "
            "meaningless. Use criterion=torch.nn.CrossEntropyLoss with a module that "
            "returns logits, or end the module in a softmax."
        )
    if isinstance(net.criterion_, nn.CrossEntropyLoss) and _are_probabilities(output):
        raise ValueError(
            "The module ends in a softmax, and CrossEntropyLoss applies another one. "
            "Return logits from the module."
        )
    wanted = _wanted_outputs(net, task)
    if output.ndim > 1 and output.shape[1] < wanted:
        raise ValueError(
            f"The module returns {output.shape[1]} outputs for {wanted} "
            f"{'classes' if isinstance(task, Classification) else 'targets'}. Widen "
            "its last layer, or give it a parameter n_outputs to be set from the data."
        )


def _output(net, X):
    net.module_.eval()
    try:
        with torch.no_grad():
            output = net.infer(X)
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        raise ValueError(
            f"The module cannot take X of shape (n, {', '.join(map(str, X.shape[1:]))})"
            f": {str(error).splitlines()[0]}. An image module needs X of shape "
            "(n, channels, height, width), or flat rows that it unflattens itself."
        ) from error
    return output[0] if isinstance(output, tuple) else output


def _wanted_outputs(net, task):
    one_logit = isinstance(net.criterion_, (nn.BCEWithLogitsLoss, nn.BCELoss))
    return 1 if one_logit else task.n_outputs


def _are_probabilities(output):
    if output.ndim != 2 or output.shape[1] < 2:
        return False
    sums = output.sum(dim=1)
    return bool((output >= 0).all() and torch.allclose(sums, torch.ones_like(sums)))
