"""Paper A's networks, without biases; networks of one shape are trained together."""

from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from sufficient import MLP
from sufficient.reproducibility.arithmetic import exact_arithmetic
from sufficient.reproducibility.seeds import seeded

from .data import Problem, available, problem
from .settings import Settings

__all__ = ["losses_of", "main_problem", "module_of", "train", "trained"]

LEARNING_RATE, BATCH = 1e-3, 64


def main_problem(settings: Settings) -> tuple[str, Problem]:
    """Name and pixels of the first data set that is on this machine."""
    name = available(settings.data)[0]
    return name, problem(name, "pixels", settings.n_samples)


@cache
def trained(
    data: str, kind: str, shape: tuple[int, int], settings: Settings
) -> list[MLP]:
    """One network for each seed, trained on all samples."""
    source = problem(data, kind, settings.n_samples)
    sizes = source.X.shape[1], source.n_classes
    modules = [module_of(*sizes, shape, seed) for seed in range(settings.n_seeds)]
    return train(modules, source.X, source.y, settings.epochs)


def module_of(n_inputs: int, n_outputs: int, shape: tuple[int, int], seed: int) -> MLP:
    """A network of L + 2 linear layers: input, L from hidden to hidden, output."""
    hidden, layers = shape
    with seeded(seed):
        return MLP(n_inputs, n_outputs, (hidden,) * (layers + 1), bias=False)


def train(modules: list[MLP], X: Tensor, y: Tensor, epochs: int) -> list[MLP]:
    """Train networks of one shape together, by Adam on the cross-entropy.

    The minibatches of the i-th network are drawn with seed i, independently of the
    other networks.
    """
    pairs = zip(*(module.parameters() for module in modules), strict=True)
    weights = [torch.stack(pair).detach().requires_grad_() for pair in pairs]
    optimizer = torch.optim.Adam(weights, lr=LEARNING_RATE)
    sources = [torch.Generator().manual_seed(i) for i in range(len(modules))]
    with exact_arithmetic():
        for _ in range(epochs):
            orders = [torch.randperm(len(X), generator=g) for g in sources]
            for rows in torch.stack(orders).split(BATCH, dim=1):
                optimizer.zero_grad()
                logits = _logits(weights, X[rows])
                # The sum of the networks' mean losses. Adam treats every weight
                # separately, so the networks do not affect each other.
                loss = cross_entropy(logits.flatten(0, 1), y[rows].flatten())
                (loss * len(modules)).backward()
                optimizer.step()
    return _with_weights(modules, weights)


def losses_of(module: MLP, X: Tensor, y: Tensor) -> Tensor:
    """Loss of every sample, in double precision."""
    with torch.no_grad():
        return cross_entropy(module(X).double(), y, reduction="none")


def _logits(weights, x):
    for matrix in weights[:-1]:
        x = torch.bmm(x, matrix.mT).relu()
    return torch.bmm(x, weights[-1].mT)


def _with_weights(modules, weights):
    with torch.no_grad():
        for i, module in enumerate(modules):
            for own, stacked in zip(module.parameters(), weights, strict=True):
                own.copy_(stacked[i])
    return modules
