"""Nets in training, and judges whose answers are known."""

from __future__ import annotations

import numpy as np
import torch
from skorch import NeuralNetClassifier, NeuralNetRegressor
from torch import nn

from sufficient.data.samples import Samples
from sufficient.settings import Settings
from sufficient.training.judge import Judge, Judgement
from sufficient.training.net import prepared_net
from sufficient.training.optimum import OptimumSearch
from sufficient.training.strategies import STRATEGIES

SGD = {"optimizer": torch.optim.SGD, "lr": 0.1, "batch_size": 20}


class WithBatchNorm(nn.Sequential):
    def __init__(self, n_inputs=5, n_outputs=3):
        layers = nn.Linear(n_inputs, 6), nn.BatchNorm1d(6), nn.ReLU()
        super().__init__(*layers, nn.Linear(6, n_outputs))


class Linear(nn.Linear):
    def __init__(self, n_inputs=5, n_outputs=1):
        super().__init__(n_inputs, n_outputs)


def three_classes(n=200, seed=0):
    """Noisy labels that a linear net can learn in part."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 5)).astype(np.float32)
    y = (X[:, :3] + rng.standard_normal((n, 3))).argmax(1)
    return Samples(torch.from_numpy(X), torch.from_numpy(y))


def one_target(n=200, noise=0.5, seed=0):
    """A linear target with noise."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, 5)).astype(np.float32)
    y = X @ [1.0, -2.0, 0.5, 0.0, 3.0] + noise * rng.standard_normal(n)
    return Samples(torch.from_numpy(X), torch.from_numpy(y.astype(np.float32))[:, None])


def classifier(module=WithBatchNorm, **changes):
    given = {**SGD, "criterion": nn.CrossEntropyLoss, "verbose": 0, **changes}
    return NeuralNetClassifier(module, train_split=None, **given)


def regressor(module=Linear, **changes):
    return NeuralNetRegressor(
        module, train_split=None, **{**SGD, "verbose": 0, **changes}
    )


def state_of(net):
    """All weights and buffers, copied."""
    return [tensor.clone() for tensor in net.module_.state_dict().values()]


class Foretold:
    """A judge whose losses are given one after the other; the last one stays."""

    def __init__(self, *losses, constant=np.inf):
        self.losses, self.constant = losses, constant
        self.seen = []

    def __call__(self, net):
        number = min(len(self.seen), len(self.losses) - 1)
        self.seen.append(state_of(net))
        return Judgement(self.losses[number], 1.0)

    def of_constant(self, net):
        return self.constant


def search(net, samples, judge=None, seed=0):
    """A search for the optimum, with the samples themselves as judge."""
    torch.manual_seed(seed)
    judge = Judge(samples, None) if judge is None else judge
    rng = np.random.default_rng(seed)
    return OptimumSearch(net.initialize(), samples, judge, rng)


def recorded(found):
    """What a search averages, after every step to come, in a list that grows."""
    states, step = [], found.net.train_step

    def train_step(batch):
        result = step(batch)
        states.append([tensor.clone() for tensor in found.live])
        return result

    found.net.train_step = train_step
    return states


def strategy(name, net, seed=0, **settings):
    """A training by its name, for samples with five features."""
    template = prepared_net(net, n_inputs=5, n_outputs=3, device="cpu")
    return STRATEGIES[name](template, Settings(training=name, **settings), seed)
