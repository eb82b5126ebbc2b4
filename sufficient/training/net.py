"""The user's net made ready: cloned, sized for the data, placed on a device."""

from __future__ import annotations

import inspect
import warnings

import torch
from sklearn.base import clone, is_classifier, is_regressor
from skorch import NeuralNet, NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.dataset import Dataset
from torch import Tensor, nn

from sufficient.data.samples import Samples
from sufficient.inputs import Standardise
from sufficient.nets import DEFAULT_MODULES, default_net
from sufficient.reproducibility.devices import available_device, default_device
from sufficient.training.batches import with_tensor_batches
from sufficient.training.criteria import criterion_class, may_be_multilabel
from sufficient.typing import Net

__all__ = ["fitted_statistics", "prepared_net", "standardises"]

# skorch's own answer is a probability of 0 and one of 1 for every output.
CAN_BE_FUSED = (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD)
DECIDE_HOW = ("fused", "foreach", "capturable", "differentiable")
PROBABILITIES = {nn.BCEWithLogitsLoss: torch.sigmoid, nn.BCELoss: None}


def prepared_net(
    estimator: Net, *, n_inputs: int, n_outputs: int, device: str | None
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
    net, wanted_device = _net_and_device(estimator, device)
    one_logit = isinstance(net, NeuralNetBinaryClassifier)
    sizes = {"n_inputs": n_inputs, "n_outputs": 1 if one_logit else n_outputs}
    wanted = _missing_module_params(net, sizes)
    there = str(available_device(wanted_device))
    if net.predict_nonlinearity == "auto" and may_be_multilabel(net):
        kind = criterion_class(net)
        wanted["predict_nonlinearity"] = PROBABILITIES.get(kind, "auto")
    net.set_params(train_split=None, verbose=0, device=there, **wanted)
    return with_tensor_batches(_with_fused_optimizer(net))


def standardises(net: NeuralNet) -> bool:
    """Whether the net standardises its inputs, as the default ones do."""
    return bool(net.get_params().get("module__standardise"))


def fitted_statistics(net: NeuralNet, samples: Samples) -> dict[str, Tensor]:
    """Fit the layers of a net that standardise to samples.

    Parameters
    ----------
    net : NeuralNet
        Initialised; its buffers are set.
    samples : Samples
        To take means and standard deviations from.

    Returns
    -------
    dict of str to Tensor
        A copy of the buffers, by their names in the module.
    """
    found = {}
    for name, layer in net.module_.named_modules():
        if isinstance(layer, Standardise):
            layer.fit(samples.X)
            for key, buffer in layer.named_buffers():
                found[f"{name}.{key}"] = buffer.clone()
    return found


def _with_fused_optimizer(net):
    """The same steps in one pass over the weights: a quarter less time on a CPU."""
    given = {name for name in net.get_params() if name.startswith("optimizer__")}
    is_free = given.isdisjoint(f"optimizer__{name}" for name in DECIDE_HOW)
    device = torch.device(net.device).type
    known = net.optimizer in CAN_BE_FUSED and device in ("cpu", "cuda")
    if known and is_free:
        net.set_params(optimizer__fused=True)
    return net


def _net_and_device(estimator, device):
    if estimator is None or estimator in tuple(DEFAULT_MODULES):
        net = default_net(estimator or "mlp")
        return net, device or default_device()
    is_net = isinstance(estimator, NeuralNet)
    known = is_net and (is_classifier(estimator) or is_regressor(estimator))
    if known or may_be_multilabel(estimator):
        _check_what_is_trained_is_measured(estimator)
        return clone(estimator), device or estimator.device or "cpu"
    what = estimator if isinstance(estimator, (str, type)) else type(estimator).__name__
    raise ValueError(
        f"estimator={what!r} has no loss landscape to measure. Pass a torch module, a "
        "skorch NeuralNetClassifier or NeuralNetRegressor around one, or one of "
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
    if net.initialized_:
        warnings.warn(
            "The net given is initialised or trained already. It is left as it is, and "
            "fresh nets are trained. To start every training from its weights, pass "
            "its module: module=net.module_.",
            stacklevel=2,
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
