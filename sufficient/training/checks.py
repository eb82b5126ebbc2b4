"""Refuse what would otherwise give a silent wrong answer."""

from __future__ import annotations

import torch
from skorch import NeuralNet, NeuralNetBinaryClassifier
from torch import nn

from sufficient.curvature.losses import check_is_mean, mean_weight
from sufficient.curvature.objective import Objective
from sufficient.data.samples import Samples
from sufficient.data.task import Task
from sufficient.fields import as_given
from sufficient.training.inputs import FAILURES, refusal
from sufficient.training.traps import check_traps
from sufficient.typing import Rows

__all__ = [
    "check_loss",
    "check_net_fits_data",
]


def check_net_fits_data(net: NeuralNet, X: Rows, task: Task) -> None:
    """Raise ValueError where the outputs of a fresh net cannot mean what they should.

    Parameters
    ----------
    net : NeuralNet
        Initialised.
    X : Rows
        A few samples.
    task : Task
        What is asked.
    """
    _check_dtype(net)
    check_traps(net, X)
    output = _output(net, X)
    _check_shape(net, output, len(X), task)
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
    if _are_logarithms(net):
        raise ValueError(
            "PoissonNLLLoss takes the logarithm of what is expected, and the score "
            "would compare that with the counts. Pass predict_nonlinearity=torch.exp, "
            "or criterion__log_input=False."
        )
    task.answers(net, X)


def check_loss(net: NeuralNet, objective: Objective, samples: Samples) -> None:
    """Raise ValueError where the loss in training is not the one that is measured.

    Parameters
    ----------
    net : NeuralNet
        Initialised.
    objective : Objective
        Its loss for each sample.
    samples : Samples
        A few.
    """
    net.module_.eval()
    output = _output(net, samples.X)
    try:
        with torch.no_grad():
            whole = net.get_loss(output, samples.y, X=samples.X, training=False)
            each = objective.loss(output, samples.y)
            each = each / mean_weight(net.criterion_, samples.y)
    except FAILURES as error:
        raise ValueError(
            f"{type(net.criterion_).__name__} cannot take outputs of shape "
            f"{tuple(output.shape)} with targets of shape {tuple(samples.y.shape)} and "
            f"{samples.y.dtype}: {str(error).splitlines()[0]}"
        ) from error
    check_is_mean(whole, each)
    _check_bends(net, objective, output, samples.y)


def _check_bends(net, objective, output, y):
    with torch.enable_grad():
        at = output.detach().requires_grad_()
        try:
            slope = torch.autograd.grad(
                objective.loss(at, y).sum(), at, create_graph=True
            )[0]
            if slope.requires_grad:
                torch.autograd.grad(slope.sum(), at)
        except RuntimeError as error:
            raise ValueError(
                f"{type(net.criterion_).__name__} cannot be differentiated twice "
                f"({str(error).splitlines()[0]}), so there is no Hessian. Write it in "
                "torch operations, or take another criterion."
            ) from error


def _check_dtype(net):
    dtypes = {p.dtype for p in net.module_.parameters() if p.requires_grad}
    if dtypes - {torch.float32}:
        raise ValueError(
            f"The module has parameters of {', '.join(map(str, dtypes))}, and X is "
            "float32. Build the module in float32, which is torch's default."
        )


def _output(net, X):
    net.module_.eval()
    try:
        with torch.no_grad():
            output = net.infer(as_given(X))
    except FAILURES as error:
        raise ValueError(refusal(net, X, error)) from error
    return output


def _check_shape(net, output, n, task):
    if isinstance(net, NeuralNetBinaryClassifier):
        if task.n_outputs > 2:
            raise ValueError(
                f"NeuralNetBinaryClassifier has one logit for {task.n_outputs} "
                "classes. Use NeuralNetClassifier with CrossEntropyLoss."
            )
        return
    if task.is_one_number and tuple(output.shape) == (n,):
        return
    if output.ndim != 2 or len(output) != n:
        raise ValueError(
            f"The module returns shape {tuple(output.shape)} for {n} samples. Return "
            f"({n}, {task.n_outputs}): one row for each sample, a column for each of "
            f"the {task.n_outputs} {task.counted}."
        )
    if output.shape[1] != task.n_outputs:
        raise ValueError(
            f"The module returns {output.shape[1]} outputs for {task.n_outputs} "
            f"{task.counted}. Widen or narrow its last layer, or give it a parameter "
            "n_outputs to be set from the data."
        )


def _are_logarithms(net):
    of_counts = isinstance(net.criterion_, nn.PoissonNLLLoss)
    return of_counts and net.criterion_.log_input and net.predict_nonlinearity == "auto"


def _are_probabilities(output):
    if output.ndim != 2 or output.shape[1] < 2:
        return False
    sums = output.sum(dim=1)
    return bool((output >= 0).all() and torch.allclose(sums, torch.ones_like(sums)))
