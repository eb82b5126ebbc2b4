"""Nets that the estimator answers for, and nets, losses and callbacks that fail."""

from __future__ import annotations

import numpy as np
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from torch import nn

from sufficient.nets import default_net
from tests.small import small, small_net

NET = small_net(16)


class Linear(nn.Sequential):
    """Takes flat rows; `outputs` is not a name the library sets."""

    def __init__(self, outputs=10, dtype=None):
        super().__init__(nn.Linear(64, outputs, dtype=dtype))


class WithSoftmax(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(64, 10), nn.Softmax(dim=-1))


class WithoutParameters(nn.Module):
    def forward(self, X):
        return X[:, :10]


class Frozen(Linear):
    def __init__(self):
        super().__init__()
        self.requires_grad_(False)


class NotANumber(nn.Module):
    def forward(self, output, y):
        return output.sum() * float("nan")


class Interrupt(Callback):
    """Ctrl-C in the epoch that follows `after` whole ones."""

    def __init__(self, after):
        self.after = after

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) > self.after:
            raise KeyboardInterrupt


class Diverge(Callback):
    """Weights that are no numbers in the epoch that follows `after` whole ones."""

    def __init__(self, after):
        self.after = after

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) > self.after:
            for parameter in net.module_.parameters():
                parameter.data.fill_(float("nan"))


def classifier(module, **changes):
    settings = {
        "criterion": nn.CrossEntropyLoss,
        "optimizer": torch.optim.Adam,
        "verbose": 0,
    }
    return NeuralNetClassifier(module, **{**settings, **changes})


NETS = {
    "mlp": NET,
    "cnn": default_net("cnn", module__image_shape=(1, 8, 8), lr=0.01),
}
LABELS = {
    "strings": np.array(["naught", "one", "two"]),
    "objects": np.array(["naught", "one", "two"], dtype=object),
    "from one": np.array([1, 2, 3]),
    "negative": np.array([-7, -1, 4]),
    "whole floats": np.array([0.0, 1.0, 5.0]),
    "two booleans": np.array([False, True]),
}


def linear(**changes):
    net = default_net("mlp", regression=True, module__hidden_sizes=(), lr=0.05)
    return small(net, **changes)
