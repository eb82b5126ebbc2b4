"""The user's net, trained along the growing set; all that is skorch-specific."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import numpy as np
import torch
from sklearn.base import clone
from skorch import NeuralNet, NeuralNetClassifier
from skorch import NeuralNetRegressor as _Regressor
from torch import Tensor, nn
from torch.utils.data import DataLoader

from sufficient.curvature.objective import Objective, per_object_loss
from sufficient.isolation import seeded
from sufficient.nets import MLP, ConvNet

__all__ = [
    "TRAININGS",
    "TensorBatches",
    "Training",
    "default_net",
    "objective_of",
    "prepared_net",
]

DEFAULT_MODULES = {"mlp": MLP, "cnn": ConvNet}


def default_net(
    name: str = "mlp", *, regression: bool = False, **params
) -> NeuralNetClassifier | _Regressor:
    """The net behind ``estimator="mlp"`` and ``estimator="cnn"``, free to be changed.

    Adam with learning rate 1e-3 on batches of 64, 20 epochs.

    Parameters
    ----------
    name : {"mlp", "cnn"}, default="mlp"
        `MLP` with two hidden layers, or `ConvNet`.
    regression : bool, default=False
        Squared error instead of cross-entropy.
    **params
        Parameters of the skorch net that replace these, such as ``lr`` or
        ``module__hidden_sizes``.

    Returns
    -------
    skorch.NeuralNetClassifier or skorch.NeuralNetRegressor

    Examples
    --------
    >>> from sufficient.training import default_net
    >>> net = default_net("mlp", module__hidden_sizes=(32,), lr=0.01)
    >>> net.get_params()["module__hidden_sizes"]
    (32,)
    """
    kind, criterion = (
        (_Regressor, nn.MSELoss)
        if regression
        else (NeuralNetClassifier, nn.CrossEntropyLoss)
    )
    settings = {
        "criterion": criterion,
        "optimizer": torch.optim.Adam,
        "lr": 1e-3,
        "batch_size": 64,
        "max_epochs": 20,
        "train_split": None,
        "iterator_train__shuffle": True,
        "verbose": 0,
    }
    return kind(DEFAULT_MODULES[name], **{**settings, **params})


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
    if estimator is None or isinstance(estimator, str):
        net = default_net(estimator or "mlp")
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    elif isinstance(estimator, NeuralNet):
        net = clone(estimator)
        device = device or net.device
    else:
        raise ValueError(
            f"{type(estimator).__name__} has no loss landscape to measure. Pass a "
            "skorch NeuralNetClassifier or NeuralNetRegressor around your torch "
            "module, 'mlp', 'cnn' or None."
        )
    sizes = {"n_inputs": n_inputs, "n_outputs": n_outputs}
    wanted = _missing_module_params(net, sizes)
    net.set_params(train_split=None, verbose=0, device=_there(device), **wanted)
    return _with_fast_batches(net)


def objective_of(net: NeuralNet) -> Objective:
    """Loss of every object as the net's criterion sees it."""
    criterion = net.criterion_
    if isinstance(criterion, nn.NLLLoss):
        return Objective(net.module_, _nll_of_probabilities(criterion))
    return Objective(net.module_, criterion)


class TensorBatches:
    """Slices of whole tensors where a DataLoader would collate single objects."""

    def __init__(self, dataset, batch_size: int, shuffle: bool = False) -> None:
        self.X, self.n = torch.as_tensor(dataset.X), len(dataset)
        self.y = torch.zeros(self.n) if dataset.y is None else dataset.y
        self.batch_size, self.shuffle = batch_size, shuffle

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __iter__(self) -> Iterator:
        order = torch.randperm(self.n) if self.shuffle else torch.arange(self.n)
        for rows in order.split(self.batch_size):
            yield self.X[rows], self.y[rows]


class Training:
    """How a net follows the growing set.

    Parameters
    ----------
    template : NeuralNet
        Prepared net; every net trained here is a clone of it.
    seed : int
        Initial weights, and together with k the minibatches, depend on nothing else.
    update_epochs : int
        Passes over each new batch, see `UpdateTraining`.
    """

    def __init__(self, template: NeuralNet, *, seed: int, update_epochs: int) -> None:
        self.template, self.seed = template, seed
        self.update_epochs = update_epochs

    def fresh_net(self) -> NeuralNet:
        """An untrained net."""
        with seeded(self.seed, self.template.device):
            return clone(self.template).initialize()

    def begin(self, X: Tensor, y: Tensor) -> None:
        """Get ready; X, y is all there will be."""

    def extend(self, X: Tensor, y: Tensor, n_new: int, k: int) -> None:
        """Take in the k-th batch: the last `n_new` objects of the grown set X, y."""

    def net_at(self, X: Tensor, y: Tensor, k: int) -> NeuralNet:
        """The net that belongs to the grown set X, y of k batches."""
        raise NotImplementedError

    def _train(self, net, X, y, *, k, epochs, n_objects):
        with seeded(_seed_at(self.seed, k), net.device):
            # fit and partial_fit would swallow KeyboardInterrupt.
            net.notify("on_train_begin", X=X, y=y)
            net.fit_loop(X, y, epochs=epochs)
            net.notify("on_train_end", X=X, y=y)
        _check_finite(net.history[-1]["train_loss"], n_objects)


class UpdateTraining(Training):
    """Algorithm 1: one net, trained on as the set grows by one batch after another.

    Each new batch of b objects is followed by as many optimiser steps as
    `update_epochs` passes over b objects take, on minibatches drawn from the whole
    grown set. The net at k does not depend on where the landscape is measured.
    """

    def begin(self, X: Tensor, y: Tensor) -> None:
        """Initialise the net."""
        self.net = self.fresh_net()

    def extend(self, X: Tensor, y: Tensor, n_new: int, k: int) -> None:
        """Train on the grown set."""
        rows = self._draws(len(X), n_new * self.update_epochs, k)
        self._train(self.net, X[rows], y[rows], k=k, epochs=1, n_objects=len(X))

    def net_at(self, X: Tensor, y: Tensor, k: int) -> NeuralNet:
        """The one net."""
        return self.net

    def _draws(self, n, wanted, k):
        rng = np.random.default_rng([self.seed, k])
        rounds = [rng.permutation(n) for _ in range(-(-wanted // n))]
        return torch.as_tensor(np.concatenate(rounds)[:wanted])


class RestartTraining(Training):
    """A fresh net at every measured size, trained for its own `max_epochs`."""

    def net_at(self, X: Tensor, y: Tensor, k: int) -> NeuralNet:
        """A fresh net trained on X, y."""
        net = self.fresh_net()
        self._train(net, X, y, k=k, epochs=None, n_objects=len(X))
        return net


class FullTraining(RestartTraining):
    """Paper A: one net, trained once on all there is, seen from growing subsets."""

    def begin(self, X: Tensor, y: Tensor) -> None:
        """Train the net on X, y."""
        self.net = super().net_at(X, y, 0)

    def net_at(self, X: Tensor, y: Tensor, k: int) -> NeuralNet:
        """The one net."""
        return self.net


TRAININGS = {
    "update": UpdateTraining,
    "restart": RestartTraining,
    "full": FullTraining,
}


def _check_finite(loss, n_objects):
    if not np.isfinite(loss):
        raise ValueError(
            f"The training loss became {loss} with {n_objects} samples. Lower the "
            "learning rate, scale X, or check that the criterion fits the outputs."
        )


def _seed_at(seed, k):
    return int(np.random.SeedSequence([seed, k]).generate_state(1)[0])


def _there(device):
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={device!r} is not there ({str(error).splitlines()[0]}). Use "
            "device='cpu', or None to take what is there."
        ) from error
    return str(device)


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
    if _is_plain_loader(net, "iterator_train", {"shuffle", "batch_size"}):
        net.set_params(iterator_train=TensorBatches)
    if _is_plain_loader(net, "iterator_valid", set()):
        net.set_params(iterator_valid=TensorBatches, iterator_valid__batch_size=1024)
    return net


def _is_plain_loader(net, name, known):
    params = net.get_params_for(name)
    return getattr(net, name) is DataLoader and known.issuperset(params)


def _nll_of_probabilities(criterion):
    inner = per_object_loss(criterion)

    def losses(output, y):
        return inner(torch.log(output + torch.finfo(output.dtype).eps), y)

    return losses
