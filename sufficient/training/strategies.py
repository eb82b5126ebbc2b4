"""The net, trained along the growing set."""

from __future__ import annotations

from contextlib import contextmanager
from typing import ClassVar

import numpy as np
import torch
from sklearn.base import clone
from skorch import NeuralNet

from sufficient.curvature.finite import check_finite
from sufficient.data.samples import Samples
from sufficient.reproducibility.seeds import seeded

__all__ = ["STRATEGIES", "Training"]


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

    Attributes
    ----------
    net : NeuralNet
        The net as it was last trained.
    is_one_net : bool
        Whether all sizes are seen by the same net, trained on everything. More data
        changes nothing of it then, and its scores say nothing about more data.
    """

    net: NeuralNet
    is_one_net: ClassVar[bool] = False

    def __init__(self, template: NeuralNet, *, seed: int, update_epochs: int) -> None:
        self.template, self.seed = template, seed
        self.update_epochs = update_epochs

    def fresh_net(self) -> NeuralNet:
        """An untrained net."""
        with seeded(self.seed, self.template.device):
            return _initialised(clone(self.template))

    def begin(self, pool: Samples) -> None:
        """Get ready; the pool is all there will be."""
        self.net = self.fresh_net()

    def continue_from(self, net: NeuralNet) -> None:
        """Go on with a net that was trained before, instead of `begin`."""
        self.net = net

    def extend(self, seen: Samples, n_new: int, k: int) -> None:
        """Take in the k-th batch: the last `n_new` of the samples seen."""

    def net_at(self, seen: Samples, k: int) -> NeuralNet:
        """The net that belongs to the samples of k batches."""
        return self.net

    def _train(self, net, samples, *, k, epochs, n_samples):
        X, y = samples.X, samples.y
        with seeded(_seed_at(self.seed, k), net.device), _translated_callback_errors():
            # fit and partial_fit would swallow Ctrl-C.
            net.notify("on_train_begin", X=X, y=y)
            net.fit_loop(X, y, epochs=epochs)
            net.notify("on_train_end", X=X, y=y)
        if not net.history:
            raise ValueError("The net was not trained at all: set max_epochs above 0.")
        check_finite(net.history[-1]["batches"][-1]["train_loss"], n_samples)


class UpdateTraining(Training):
    """Algorithm 1: one net, trained on as the set grows by one batch after another.

    Each new batch of b samples is followed by as many optimiser steps as
    `update_epochs` passes over b samples take, on minibatches drawn from the whole
    grown set. The net at k does not depend on where the landscape is measured.
    """

    def extend(self, seen: Samples, n_new: int, k: int) -> None:
        """Train on the grown set."""
        rows = self._draws(len(seen), n_new * self.update_epochs, k)
        self._train(self.net, seen[rows], k=k, epochs=1, n_samples=len(seen))

    def _draws(self, n, wanted, k):
        rng = np.random.default_rng([self.seed, k])
        rounds = [rng.permutation(n) for _ in range(-(-wanted // n))]
        return torch.as_tensor(np.concatenate(rounds)[:wanted])


class RestartTraining(Training):
    """A fresh net at every measured size, trained for its own `max_epochs`."""

    def net_at(self, seen: Samples, k: int) -> NeuralNet:
        """A fresh net trained on the samples seen."""
        self.net = self._trained_from_scratch(seen, k)
        return self.net

    def _trained_from_scratch(self, samples, k):
        net = self.fresh_net()
        self._train(net, samples, k=k, epochs=None, n_samples=len(samples))
        return net


class FullTraining(RestartTraining):
    """Paper A: one net, trained once on all there is, seen from growing subsets."""

    is_one_net = True

    def begin(self, pool: Samples) -> None:
        """Train the net on the whole pool."""
        self.net = self._trained_from_scratch(pool, 0)

    def net_at(self, seen: Samples, k: int) -> NeuralNet:
        """The one net."""
        return self.net


STRATEGIES: dict[str, type[Training]] = {
    "update": UpdateTraining,
    "restart": RestartTraining,
    "full": FullTraining,
}


def _initialised(net):
    try:
        return net.initialize()
    except ValueError as error:
        if "empty parameter list" not in str(error):
            raise
        raise ValueError(
            "The module has no trainable parameters, so there is nothing to train."
        ) from error


@contextmanager
def _translated_callback_errors():
    """Let early stopping end the training, and explain a missing validation split."""
    try:
        yield
    except KeyboardInterrupt as error:
        # Early stopping raises it, and so does Ctrl-C, but not from there.
        if _raised_in(error) != "skorch.callbacks.training":
            raise
    except KeyError as error:
        if "valid" not in str(error):
            raise
        raise ValueError(
            f"A callback monitors {error}, and there is no validation split inside the "
            "training: every sample of the subset is trained on. Monitor 'train_loss'."
        ) from error


def _raised_in(error):
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_globals.get("__name__")


def _seed_at(seed, k):
    return int(np.random.SeedSequence([seed, k]).generate_state(1)[0])
