"""What all ways of training a net along a growing set have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone
from skorch import NeuralNet
from skorch.exceptions import SkorchException
from torch import Tensor

from sufficient.curvature.finite import check_finite
from sufficient.curvature.losses import mean_weight
from sufficient.data.samples import Samples
from sufficient.fields import as_given
from sufficient.reproducibility.seeds import seeded
from sufficient.sample_weights import given_targets
from sufficient.settings import Settings
from sufficient.training.batches import TensorBatches
from sufficient.training.inputs import materialise
from sufficient.training.net import fitted_statistics
from sufficient.training.steps import chain_step, train_by
from sufficient.training.trainable import freeze
from sufficient.training.weighted import trained_loss
from sufficient.training.work import forward_flops, threads_for
from sufficient.typing import Rows

__all__ = ["Training", "seed_at"]


class Training:
    """How a net follows the growing set.

    Parameters
    ----------
    template : NeuralNet
        Prepared net; every net trained here is a clone of it.
    settings : Settings
        How to train.
    seed : int
        Initial weights, and together with k the minibatches, depend on nothing else.
    example : Rows or None, default=None
        A few samples, from which lazy layers learn their sizes.

    Attributes
    ----------
    net : NeuralNet
        The net as it was last trained.
    n_steps : int
        Optimiser steps it has taken.
    is_capped : bool
        Whether it was still improving when its training ended.
    temperature : float
        What its logits have to be divided by to be calibrated.
    statistics : dict of str to Tensor
        Of the samples at the beginning: buffers of all nets trained here.
    mean_weight : float
        Mean class weight of the samples, by which those of the criterion are divided,
        so that the mean of the weighted losses is what is trained on.
    is_one_net : bool
        Whether all sizes are seen by the same net, trained on everything. More data
        changes nothing of it then, and its scores say nothing about more data.
    size_ratio, first_size : float, int
        Factor between the sizes at which to measure, and the smallest in samples.
    """

    net: NeuralNet
    n_steps: int = 0
    is_capped: bool = False
    temperature: float = 1.0
    mean_weight: float = 1.0
    is_one_net: ClassVar[bool] = False
    size_ratio: ClassVar[float] = 1.13
    # With fewer samples a net has hardly learnt after so few steps, and is flat.
    first_size: ClassVar[int] = 256
    known_of_net: ClassVar[tuple[str, ...]] = (
        "n_steps",
        "is_capped",
        "temperature",
        "statistics",
        "mean_weight",
    )

    def __init__(
        self,
        template: NeuralNet,
        settings: Settings,
        seed: int,
        example: Rows | None = None,
    ) -> None:
        self.template, self.settings, self.seed = template, settings, seed
        self.example = example
        self.statistics: dict[str, Tensor] = {}
        self._flops: float | None = None

    def with_template(self, template: NeuralNet) -> Training:
        """The same training of another net."""
        return type(self)(template, self.settings, self.seed, self.example)

    def fresh_net(self) -> NeuralNet:
        """An untrained net."""
        with seeded(self.seed, self.template.device):
            net = _initialised(clone(self.template))
            if self.example is not None:
                materialise(net, self.example)
        freeze(net.module_, self.settings.parameters)
        self._divide_class_weights(net)
        if self.statistics:
            net.module_.load_state_dict(self.statistics, strict=False)
        return net

    def begin(self, pool: Samples) -> None:
        """Get ready; the pool is all there will be."""
        self.mean_weight = 1.0
        self.net = self.fresh_net()
        self.mean_weight = mean_weight(self.net.criterion_, pool.targets)
        self._divide_class_weights(self.net)
        # Once, so that the landscape is that of the same net at all sizes.
        self.statistics = fitted_statistics(self.net, pool)

    def standardise_as(self, before: Training) -> None:
        """Take over the statistics of another training of the same data."""
        self.statistics = before.statistics
        self.net.module_.load_state_dict(self.statistics, strict=False)

    def state(self) -> dict[str, Any]:
        """How the net was trained, in plain values."""
        return {name: getattr(self, name) for name in self.known_of_net}

    def continue_from(self, net: NeuralNet, state: dict[str, Any]) -> None:
        """Go on with a net that was trained before, instead of `begin`."""
        self.net = net
        vars(self).update({name: state[name] for name in self.known_of_net})

    def extend(self, seen: Samples, n_new: int, k: int) -> None:
        """Take in the k-th batch: the last `n_new` of the samples seen."""

    def train_ahead(self, seen: Samples, held_out: Samples, k: int) -> None:
        """Have a net ready that has been trained on all that there is so far."""

    def net_at(self, seen: Samples, held_out: Samples, k: int) -> NeuralNet:
        """The net that belongs to the samples of k batches.

        Parameters
        ----------
        seen : Samples
            To train on.
        held_out : Samples
            To tell when training may end; never trained on.
        k : int
            Batches seen.

        Returns
        -------
        NeuralNet
        """
        return self.net

    @contextmanager
    def twice_as_long(
        self, seen: Samples, held_out: Samples, k: int
    ) -> Iterator[NeuralNet | None]:
        """The net as twice the steps would leave it; None where that is no use."""
        yield None

    def _divide_class_weights(self, net):
        if self.mean_weight != 1:
            net.criterion_.weight = net.criterion_.weight / self.mean_weight

    def _trained_from_scratch(self, samples, k, epochs=None):
        net, self.n_steps = self.fresh_net(), 0
        self._train(net, samples, k=k, epochs=epochs, n_samples=len(samples))
        return net

    def _train(self, net, samples, *, k, epochs, n_samples):
        step = chain_step(net) if net.iterator_train is TensorBatches else None
        how = net, as_given(samples.X), given_targets(samples.targets)
        if self._flops is None:
            self._flops = forward_flops(net, samples.X)
        together = net.batch_size if net.batch_size > 0 else len(samples)
        threads = threads_for(self._flops * min(together, len(samples)))
        with seeded(seed_at(self.seed, k), net.device), threads:
            if step is None:
                with trained_loss(net, samples):
                    n_steps, last = _train_by_skorch(*how, epochs)
            else:
                wanted = net.max_epochs if epochs is None else epochs
                n_steps = train_by(step, *how, wanted)
                last = sum(float(p.detach().sum()) for p in net.module_.parameters())
        if not n_steps:
            raise ValueError("The net was not trained at all: set max_epochs above 0.")
        check_finite(last, n_samples)
        self.n_steps += n_steps


def _train_by_skorch(net, X, y, epochs):
    """How many steps were made, and the loss at the last one."""
    before = len(net.history)
    with _translated_callback_errors():
        # fit and partial_fit would swallow Ctrl-C.
        net.notify("on_train_begin", X=X, y=y)
        net.fit_loop(X, y, epochs=epochs)
        net.notify("on_train_end", X=X, y=y)
    batches = [each for epoch in net.history[before:] for each in epoch["batches"]]
    return len(batches), batches[-1]["train_loss"] if batches else 0.0


def seed_at(seed: int, k: int) -> int:
    """A seed for k batches."""
    return int(np.random.SeedSequence([seed, k]).generate_state(1)[0])


def _initialised(net):
    try:
        return net.initialize()
    except TypeError as error:
        name = getattr(net.module, "__name__", type(net.module).__name__)
        raise ValueError(
            f"{name} cannot be built ({error}). Pass its parameters, as in "
            f"sufficient.nets.default_net({name}, module__width=64), or an instance."
        ) from error
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
    except (KeyError, SkorchException) as error:
        if "valid" not in str(error):
            raise
        raise ValueError(
            "A callback monitors a validation loss or score, and there is none inside "
            "the training: every sample of the subset is trained on. Monitor the "
            "training loss, as in EarlyStopping(monitor='train_loss') or "
            "Checkpoint(monitor='train_loss_best'), or leave the callback out: "
            "training ends by itself when held-out samples see no improvement."
        ) from error


def _raised_in(error):
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_globals.get("__name__")
