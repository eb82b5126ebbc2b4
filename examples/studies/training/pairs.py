"""Pairs of data and network; the constants were chosen on some of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from sklearn.utils import gen_batches
from skorch import NeuralNet
from torch import Tensor
from torch.nn import functional

from sufficient.data.samples import Samples
from sufficient.nets import default_net
from sufficient.training.net import prepared_net

from .data import DATA, DataSet, load

__all__ = ["PAIRS", "SIZES", "Pair", "Problem", "loss_of", "outputs_of", "score_of"]

SIZES = (256, 512, 1_024, 2_048, 4_096, 8_192)
N_HELD_OUT, MOST_TEST = 1_024, 10_000
FEW, CHUNK = 4_000, 2_048


@dataclass(frozen=True)
class Problem:
    """A network and the samples to train, judge and test it on.

    Attributes
    ----------
    template : NeuralNet
        Prepared, but without weights.
    train, held_out, test : Samples
        The held-out samples decide when training ends and what is kept. The test set
        decides nothing.
    """

    template: NeuralNet
    train: Samples
    held_out: Samples
    test: Samples


@dataclass(frozen=True)
class Pair:
    """A data set and the hidden layers of a network.

    Attributes
    ----------
    data : str
        A name in `DATA`.
    hidden : tuple of int
        Widths of the hidden layers; none for a linear model.
    chosen_on : bool
        Whether the constants of the library were chosen on this pair.
    """

    data: str
    hidden: tuple[int, ...] = (128, 64)
    chosen_on: bool = False

    @property
    def name(self) -> str:
        """A short and unique name."""
        net = "-".join(map(str, self.hidden)) or "logistic"
        return f"{self.data} / {net}"

    @property
    def source(self) -> DataSet:
        """Where the data come from."""
        return DATA[self.data]

    def problem(self, seed: int) -> Problem:
        """The network, and the data split at random into three parts."""
        X, y = load(self.data)
        # The data are standardised once for all, and images not at all.
        how = {"hidden_sizes": self.hidden, "standardise": False}
        net = default_net(
            regression=self.source.is_regression,
            **{f"module__{name}": value for name, value in how.items()},
        )
        n_outputs = 1 if self.source.is_regression else int(y.max()) + 1
        template = prepared_net(
            net, n_inputs=X.shape[1], n_outputs=n_outputs, device="cpu"
        )
        parts = (Samples.for_net(template, X[r], y[r]) for r in _parts(len(X), seed))
        return Problem(template, *parts)

    def sizes(self, wanted: tuple[int, ...] = SIZES) -> list[int]:
        """Those of the sizes that the data suffice for, and where the data end."""
        found = self.source.n_samples
        n = wanted[-1] if found is None else len(_parts(found, seed=0)[0])
        return [*(size for size in wanted[:-1] if size < n), min(n, wanted[-1])]


def outputs_of(net: NeuralNet, X: Tensor) -> Tensor:
    """What the net in eval mode returns: logits, or numbers in a regression."""
    net.module_.eval()
    with torch.no_grad():
        chunks = gen_batches(len(X), CHUNK)
        return torch.cat([net.infer(X[chunk]) for chunk in chunks])


def score_of(outputs: Tensor, y: Tensor) -> float:
    """Accuracy for classes, R² for numbers."""
    if y.is_floating_point():
        return 1 - loss_of(outputs, y) / float(y.var(correction=0))
    return float((outputs.argmax(dim=1) == y).float().mean())


def loss_of(outputs: Tensor, y: Tensor) -> float:
    """Log-loss for classes, mean squared error for numbers."""
    if y.is_floating_point():
        return float(functional.mse_loss(outputs, y))
    return float(functional.cross_entropy(outputs, y))


def _parts(n, seed):
    """Rows to train on, held out, and to test on."""
    rows = np.random.default_rng([seed, 3]).permutation(n)
    n_held_out, n_test = N_HELD_OUT, min(MOST_TEST, n - N_HELD_OUT - SIZES[-1])
    if n < FEW:
        n_held_out, n_test = n // 5, n // 4
    test, held_out, train = np.split(rows, [n_test, n_test + n_held_out])
    return train, held_out, test


def _chosen(data, *hidden):
    return Pair(data, hidden, chosen_on=True)


PAIRS = [
    _chosen("moons", 128, 64),
    _chosen("quantiles", 128, 64),
    _chosen("made, middling", 128, 64),
    _chosen("made, middling"),
    _chosen("made, hard", 128, 64),
    _chosen("Friedman 2", 128, 64),
    _chosen("diamonds, cut", 128, 64),
    _chosen("diamonds, cut", 256, 256),
    _chosen("diamonds, cut"),
    _chosen("health insurance", 128, 64),
    _chosen("health insurance", 64),
    _chosen("Fashion-MNIST", 128, 64),
    _chosen("Fashion-MNIST"),
    _chosen("MNIST, 20 % noise", 128, 64),
    _chosen("digits", 128, 64),
    Pair("Hastie"),
    Pair("Hastie", (256, 256)),
    Pair("made, redundant"),
    Pair("made, redundant", ()),
    Pair("Friedman 3"),
    Pair("diamonds, price"),
    Pair("food budgets"),
    Pair("films"),
    Pair("flights"),
    Pair("flights", ()),
    Pair("Fashion-MNIST, 3 classes"),
    Pair("Fashion-MNIST, 3 classes", (64,)),
    Pair("MNIST"),
    Pair("MNIST", ()),
]
