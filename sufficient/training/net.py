"""The user's net made ready: cloned, sized for the data, with its loss per sample."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator

import numpy as np
import torch
from sklearn.base import clone, is_classifier, is_regressor
from skorch import NeuralNet, NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.dataset import Dataset
from torch import nn
from torch.utils.data import DataLoader

from sufficient.curvature.losses import per_sample_loss
from sufficient.curvature.objective import Objective
from sufficient.data.numbers import check_numbers
from sufficient.data.stream import Stream
from sufficient.nets import DEFAULT_MODULES, default_net
from sufficient.reproducibility.devices import available_device

__all__ = [
    "LOSSES_OF_DIFFERENCES",
    "TensorBatches",
    "criterion_class",
    "is_regression",
    "may_be_multilabel",
    "objective_of",
    "prepared_net",
    "takes_rows",
]

# With these, targets may be moved and scaled; with others they may mean what they are.
LOSSES_OF_DIFFERENCES = (nn.MSELoss, nn.L1Loss, nn.SmoothL1Loss, nn.HuberLoss)
NOT_OF_LABELS = (nn.CrossEntropyLoss, nn.NLLLoss, *LOSSES_OF_DIFFERENCES)
# skorch's own answer is a probability of 0 and one of 1 for every output.
PROBABILITIES = {nn.BCEWithLogitsLoss: torch.sigmoid, nn.BCELoss: None}


def prepared_net(
    estimator, *, n_inputs: int, n_outputs: int, device: str | None
) -> NeuralNet:
    """A clone of the user's net, sized for the data, that trains on all it is given.

    Parameters
    ----------
    estimator : None, "mlp", "cnn" or skorch net
        None is "mlp".
    n_inputs, n_outputs : int
        Given to the module where it takes parameters of these names that are not set.
    device : str or None
        None keeps the device of the user's net, and takes CUDA for the default ones
        where there is one.

    Returns
    -------
    skorch.NeuralNet
        Not yet initialised.
    """
    net, device = _net_and_device(estimator, device)
    one_logit = isinstance(net, NeuralNetBinaryClassifier)
    sizes = {"n_inputs": n_inputs, "n_outputs": 1 if one_logit else n_outputs}
    wanted = _missing_module_params(net, sizes)
    device = str(available_device(device))
    if net.predict_nonlinearity == "auto" and may_be_multilabel(net):
        kind = criterion_class(net)
        wanted["predict_nonlinearity"] = PROBABILITIES.get(kind, "auto")
    net.set_params(train_split=None, verbose=0, device=device, **wanted)
    return _with_fast_batches(net)


def is_regression(estimator) -> bool:
    """Whether the estimator given is a skorch regressor."""
    return isinstance(estimator, NeuralNet) and is_regressor(estimator)


def may_be_multilabel(estimator) -> bool:
    """Whether the estimator given is a skorch net whose loss takes several labels."""
    return (
        isinstance(estimator, NeuralNet)
        and not isinstance(estimator, NeuralNetBinaryClassifier)
        and not is_regressor(estimator)
        and not issubclass(criterion_class(estimator), NOT_OF_LABELS)
    )


def takes_rows(estimator, y) -> bool:
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


def objective_of(net: NeuralNet) -> Objective:
    """Loss of every sample as the net's criterion sees it."""
    criterion = net.criterion_
    if isinstance(criterion, nn.NLLLoss):
        return Objective(net.module_, _nll_of_probabilities(criterion))
    return Objective(net.module_, criterion)


class TensorBatches:
    """Slices of whole tensors where a DataLoader would collate single samples."""

    def __init__(self, dataset, batch_size: int, shuffle: bool = False) -> None:
        X, self.n = dataset.X, len(dataset)
        self.X = X if isinstance(X, Stream) else torch.as_tensor(X)
        self.y = torch.zeros(self.n) if dataset.y is None else dataset.y
        self.batch_size, self.shuffle = batch_size, shuffle

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __iter__(self) -> Iterator:
        order = torch.randperm(self.n) if self.shuffle else torch.arange(self.n)
        for rows in order.split(self.batch_size):
            yield self.X[rows], self.y[rows]


def _net_and_device(estimator, device):
    if estimator is None or estimator in tuple(DEFAULT_MODULES):
        net = default_net(estimator or "mlp")
        return net, device or ("cuda" if torch.cuda.is_available() else "cpu")
    is_net = isinstance(estimator, NeuralNet)
    known = is_net and (is_classifier(estimator) or is_regressor(estimator))
    if known or may_be_multilabel(estimator):
        _check_what_is_trained_is_measured(estimator)
        return clone(estimator), device or estimator.device or "cpu"
    what = estimator if isinstance(estimator, (str, type)) else type(estimator).__name__
    raise ValueError(
        f"estimator={what!r} has no loss landscape to measure. Pass a skorch "
        "NeuralNetClassifier or NeuralNetRegressor around your torch module, or one of "
        f"{', '.join(map(repr, DEFAULT_MODULES))}, or None."
    )


def _check_what_is_trained_is_measured(net):
    stock = {NeuralNet.get_loss, NeuralNetClassifier.get_loss}
    if type(net).get_loss not in stock:
        raise ValueError(
            f"{type(net).__name__} overrides get_loss, which the measured loss would "
            "not follow. Put the loss into a criterion with reduction='none'."
        )
    if net.dataset is not Dataset:
        raise ValueError(
            f"dataset={net.dataset} would change X in training and not where the "
            "landscape is measured. Transform X before fit, in a Pipeline."
        )
    if isinstance(net.module, nn.Module):
        warnings.warn(
            "The module is an instance, so every training starts from its present "
            "weights. If they have seen the data, the answer is void; pass the class "
            "and its module__ parameters instead.",
            stacklevel=2,
        )


def _missing_module_params(net, sizes):
    if not inspect.isclass(net.module) and not inspect.isfunction(net.module):
        return {}
    known = inspect.signature(net.module).parameters
    given = net.get_params()
    return {
        f"module__{name}": value
        for name, value in sizes.items()
        if name in known and f"module__{name}" not in given
    }


def _with_fast_batches(net):
    # The data are in memory, and on the device, already.
    given = net.get_params()
    idle = {"num_workers": 0, "pin_memory": False, "persistent_workers": False}
    for name, off in idle.items():
        for key in (f"iterator_train__{name}", f"iterator_valid__{name}"):
            if key in given:
                net.set_params(**{key: off})
    if _is_plain_loader(net, "iterator_train", {"shuffle", "batch_size"}):
        net.set_params(iterator_train=TensorBatches)
    if _is_plain_loader(net, "iterator_valid", set()):
        net.set_params(iterator_valid=TensorBatches, iterator_valid__batch_size=1024)
    return net


def _is_plain_loader(net, name, known):
    params = net.get_params_for(name)
    return getattr(net, name) is DataLoader and known.issuperset(params)


def _nll_of_probabilities(criterion):
    inner = per_sample_loss(criterion)

    def losses(output, y):
        return inner(torch.log(output + torch.finfo(output.dtype).eps), y)

    return losses
