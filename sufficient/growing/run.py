"""A net along one growing training set, with what was measured on the way."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from math import inf, prod
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet

from sufficient.data.samples import Samples
from sufficient.data.task import Task, Weights
from sufficient.decision.answer import answer_of
from sufficient.decision.stopping import StoppingRule
from sufficient.fields import Fields
from sufficient.growing.algorithm import grow_until_settled
from sufficient.growing.growth import Fresh, Growth
from sufficient.growing.probe import Probe
from sufficient.growing.progress import log_size
from sufficient.results import Measurement, Record, SampleSizeCurve
from sufficient.settings import Settings
from sufficient.training.checks import check_loss, check_net_fits_data
from sufficient.training.criteria import objective_of
from sufficient.training.inputs import example_of, input_dtype, lacks_axis
from sufficient.training.net import prepared_net
from sufficient.training.net_state import (
    callbacks_with_memory,
    net_state,
    restore_net,
)
from sufficient.training.strategies import STRATEGIES
from sufficient.training.wider import wider
from sufficient.typing import Net, Rows

__all__ = ["Run"]

FEW = 32


class Run:
    """Training, probe, rule and record of one growing set; it can be stored.

    Parameters
    ----------
    estimator : None, "mlp", "cnn" or skorch net
        Cloned, never modified.
    task : Task
        How targets are read and predictions scored.
    X : ndarray, Tensor, RowSource or Fields
        Samples, of which the first few tell what the net is given.
    batch_size : int
        Samples in one batch.
    settings : Settings
        Everything else.
    seed : int
        Source of all randomness.
    cache_bytes : float, default=inf
        Memory that Hessian products may keep between calls.
    """

    def __init__(
        self,
        estimator: Net,
        task: Task,
        X: Any,
        batch_size: int,
        settings: Settings,
        seed: int,
        cache_bytes: float = inf,
    ) -> None:
        template = prepared_net(
            estimator,
            n_inputs=prod(X.shape[1:]),
            n_outputs=task.n_outputs,
            device=settings.device,
        )
        self.task, self.settings, self.seed = task, settings, seed
        self.batch_size = batch_size
        self.input_dtype = input_dtype(template, X)
        example = example_of(X, self.input_dtype).to(template.device)
        strategy = STRATEGIES[settings.training]
        self.training = strategy(template, settings, seed, example)
        self.wider = wider(template) if settings.try_wider else template
        net = self.training.fresh_net()
        n_parameters = objective_of(net).n_parameters
        self._lacks_axis = task.is_one_number and lacks_axis(net, example)
        device = str(template.device)
        self.probe = Probe(settings, task, n_parameters, seed, cache_bytes, device)
        self.rule = StoppingRule(settings, task, self.training.is_one_net)
        self.record, self.n_train = Record(), 0
        self._measured_weights: dict[str, torch.Tensor] | None = None

    @property
    def net(self) -> NeuralNet:
        """The net as it was last trained."""
        return self.training.net

    def samples(self, X: Any, targets: np.ndarray, weights: Weights = None) -> Samples:
        """Samples and encoded targets as the net is trained on them."""
        y = targets.reshape(-1) if self._lacks_axis else targets
        return Samples.for_net(self.training.template, X, y, weights)

    def begin(self, pool: Samples, *others: Samples) -> None:
        """Check the net against all samples and get ready to train it on the pool."""
        self.check(pool, *others)
        self.training.begin(pool)

    def check(self, *parts: Samples) -> None:
        """Check a fresh net against samples; ValueError where it cannot take them."""
        few, net = _few(parts), self.training.fresh_net()
        check_net_fits_data(net, few.X, self.task)
        check_loss(net, objective_of(net), few)

    def check_unlabelled(self, X: Rows | None) -> None:
        """Check a fresh net against the ids in samples without targets."""
        if X is not None and (extreme := _extreme(X)):
            check_net_fits_data(self.training.fresh_net(), X[extreme], self.task)

    def grow(self, growth: Growth) -> Iterator[Measurement]:
        """Begin, or go on, along a growing set; what was measured at every size."""
        if self.training.is_one_net:
            self.probe.set_pool(growth.pool)
        self.n_train = len(growth.pool)
        if not self.record:
            self.check_unlabelled(growth.unlabelled)
            self.begin(growth.pool, growth.held_out)
        if not self.says_enough:
            yield from self._follow(growth)
        if self.settings.refit and self.record.last_count < growth.last_count:
            yield from self._follow(growth.at_its_end)

    def measure(self, seen: Samples, fresh: Fresh, k: int) -> Measurement:
        """Measure at k batches, outside of `grow`."""
        net = self.training.net_at(seen, fresh.held_out, k)
        measurement = self.probe.measure(net, seen, fresh, k, self.record)
        self._append(self.record.with_one_more(measurement))
        return measurement

    def state(self) -> dict[str, Any]:
        """What the run needs to go on from here, in plain values and tensors."""
        return {
            "net": net_state(self.net),
            "training": self.training.state(),
            "measurements": [vars(one) for one in self.record.measurements],
        }

    def resume(self, state: dict[str, Any]) -> None:
        """Go on from `state` instead of beginning."""
        net = restore_net(self.training.fresh_net(), state["net"])
        self.training.continue_from(net, state["training"])
        self.record = Record(tuple(Measurement(**m) for m in state["measurements"]))
        self._measured_weights = self._weights()
        if names := callbacks_with_memory(self.net):
            warnings.warn(
                f"What the callbacks {names} remember is not stored; they start anew.",
                stacklevel=2,
            )

    @property
    def says_enough(self) -> bool:
        """Whether more batches are unnecessary."""
        return bool(self.record) and self.rule.says_enough(self.record)

    def rewind(self) -> None:
        """Put the net back to where it was last measured."""
        if self._measured_weights is not None:
            self.net.module_.load_state_dict(self._measured_weights)

    def answer(self) -> SampleSizeCurve:
        """What was measured so far, and what follows from it."""
        return answer_of(
            self.record,
            self.settings,
            self.net,
            self.task,
            batch_size=self.batch_size,
            n_train=self.n_train,
            is_one_net=self.training.is_one_net,
        )

    def _follow(self, growth):
        parts = self.training, self.probe, self.rule
        for record in grow_until_settled(growth, *parts, self.record):
            self._append(record)
            if record.last_count == growth.last_count or (
                self.says_enough and not self.settings.refit
            ):
                self._ask_for_longer_training(growth)
                self._ask_for_a_wider_net(growth)
            yield self.record.last

    def _ask_for_longer_training(self, growth):
        k = self.record.last_count
        seen, held_out = growth.first(k), growth.held_out
        with self.training.twice_as_long(seen, held_out, k) as net:
            if net is not None:
                self._compare("longer_training", net, seen, held_out)

    def _ask_for_a_wider_net(self, growth):
        if not self.settings.try_wider or self.training.is_one_net:
            return
        training, k = self.training.with_template(self.wider), self.record.last_count
        training.begin(growth.pool)
        for count in range(1, k + 1):
            training.extend(growth.first(count), growth.batch_size, count)
        seen, held_out = growth.first(k), growth.held_out
        net = training.net_at(seen, held_out, k)
        self._compare("wider_net", net, seen, held_out)

    def _compare(self, change, net, seen, held_out):
        last = self.record.last
        last = self.probe.with_gain_of(change, net, seen, held_out, last)
        self.record = self.record.with_last(last)

    def _append(self, record):
        weights, training = self._weights(), self.training
        record.last.columns.update(
            n_steps=training.n_steps, training_capped=float(training.is_capped)
        )
        # At once, so that no Ctrl-C leaves a measurement with other weights.
        self.record, self._measured_weights = record, weights
        log_size(record.last)

    def _weights(self):
        return copy.deepcopy(self.net.module_.state_dict())


def _few(parts: tuple[Samples, ...]) -> Samples:
    """The first samples, and of whole numbers in all parts the extreme ones."""
    few = parts[0][:FEW]
    for part in parts:
        if extreme := _extreme(part.X):
            few = few + part[extreme]
    return few


def _extreme(X: Rows) -> list[int]:
    """Rows with the smallest and the largest whole number of each input."""
    inputs = X.parts.values() if isinstance(X, Fields) else [X]
    return [
        int(row)
        for one in inputs
        if isinstance(one, torch.Tensor) and not one.is_floating_point() and len(one)
        for flat in [one.reshape(len(one), -1)]
        for row in (flat.amin(1).argmin(), flat.amax(1).argmax())
    ]
