"""Minibatches that are slices of tensors in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor
from torch.utils.data import DataLoader

from sufficient.data.stream import as_rows
from sufficient.fields import as_given
from sufficient.sample_weights import as_targets, given_targets

__all__ = ["TensorBatches", "with_tensor_batches"]


class TensorBatches:
    """Slices of whole tensors where a DataLoader would collate single samples."""

    def __init__(self, dataset: Any, batch_size: int, shuffle: bool = False) -> None:
        self.X, self.n = as_rows(dataset.X), len(dataset)
        self.y = as_targets(dataset.y)
        if self.y is None:
            self.y = torch.zeros(self.n, device=self.X.device)
        self.batch_size, self.shuffle = batch_size, shuffle

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        order = torch.randperm(self.n) if self.shuffle else torch.arange(self.n)
        if isinstance(self.X, Tensor):
            order = order.to(self.X.device)
        for rows in order.split(self.batch_size):
            yield as_given(self.X[rows]), given_targets(self.y[rows])


def with_tensor_batches(net: NeuralNet) -> NeuralNet:
    """The net with these in place of plain loaders, which the user did not set up."""
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
