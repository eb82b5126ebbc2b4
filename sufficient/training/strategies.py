"""The ways in which a net can follow the growing set."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from skorch import NeuralNet

from sufficient.data.samples import Samples
from sufficient.training.converged import ConvergedTraining
from sufficient.training.net_state import net_state, restore_net
from sufficient.training.strategy import Training

__all__ = ["STRATEGIES"]


class UpdateTraining(Training):
    """Algorithm 1: one net, trained on as the set grows by one batch after another.

    Each new batch of b samples is followed by as many optimiser steps as
    `update_epochs` passes over b samples take, on minibatches drawn from the whole
    grown set. The net at k does not depend on where the landscape is measured.
    """

    def extend(self, seen: Samples, n_new: int, k: int) -> None:
        """Train on the grown set."""
        n_rows = n_new * self.settings.update_epochs
        rows = self._draws(len(seen), n_rows, [self.seed, k])
        self._train(self.net, seen[rows], k=k, epochs=1, n_samples=len(seen))

    @contextmanager
    def twice_as_long(
        self, seen: Samples, held_out: Samples, k: int
    ) -> Iterator[NeuralNet]:
        """As many more passes over the samples seen as there were in all."""
        net, n, n_steps = self._copy(), len(seen), self.n_steps
        for epoch in range(self.settings.update_epochs):
            rows = self._draws(n, n, [self.seed, k, epoch])
            self._train(net, seen[rows], k=k, epochs=1, n_samples=n)
        self.n_steps = n_steps
        yield net

    def _copy(self):
        # Without pickle, which cannot find a module that a function defines.
        state = copy.deepcopy(net_state(self.net))
        return restore_net(self.fresh_net(), state)

    def _draws(self, n, wanted, seed):
        rng = np.random.default_rng(seed)
        rounds = [rng.permutation(n) for _ in range(-(-wanted // n))]
        return torch.as_tensor(np.concatenate(rounds)[:wanted])


class RestartTraining(Training):
    """A fresh net at every measured size, trained for its own `max_epochs`."""

    def net_at(self, seen: Samples, held_out: Samples, k: int) -> NeuralNet:
        """A fresh net trained on the samples seen."""
        self.net = self._trained_from_scratch(seen, k)
        return self.net

    @contextmanager
    def twice_as_long(
        self, seen: Samples, held_out: Samples, k: int
    ) -> Iterator[NeuralNet]:
        """A fresh net trained for twice its `max_epochs`."""
        n_steps = self.n_steps
        net = self._trained_from_scratch(seen, k, 2 * self.template.max_epochs)
        self.n_steps = n_steps
        yield net


class FullTraining(RestartTraining):
    """Paper A: one net, trained once on all there is, seen from growing subsets."""

    is_one_net = True

    def begin(self, pool: Samples) -> None:
        """Train the net on the whole pool."""
        super().begin(pool)
        self.net = self._trained_from_scratch(pool, 0)

    def net_at(self, seen: Samples, held_out: Samples, k: int) -> NeuralNet:
        """The one net."""
        return self.net

    @contextmanager
    def twice_as_long(self, seen: Samples, held_out: Samples, k: int) -> Iterator[None]:
        """Not asked for: the scores of one net say nothing about more data."""
        yield None


STRATEGIES: dict[str, type[Training]] = {
    "converged": ConvergedTraining,
    "update": UpdateTraining,
    "restart": RestartTraining,
    "full": FullTraining,
}
