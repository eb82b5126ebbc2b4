r"""Training to an optimum: until samples set apart see no improvement any more.

The optimiser runs at the learning rate it has, and an average follows the weights.
After t steps it reaches back t / (c + 1) of them, with c = 8:

.. math:: \bar w_t = \bar w_{t-1} + \frac{c + 1}{t + c} (w_t - \bar w_{t-1}).

Averages do what a falling learning rate would, at every step at once: they are near a
minimum although the weights still move about it. They are looked at after 32 steps, and
whenever the steps have grown by the square root of two. The best ones are kept, and
training ends when twice the steps have not brought the loss down by half a percent, or
by 0.2 % of what a constant answer loses.

The constants were chosen on ten data sets and checked on nine others; see
docs/explanation/training.md.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.utils import gen_batches
from skorch import NeuralNet
from torch import Tensor

from sufficient.data.samples import Samples
from sufficient.data.stream import Stream
from sufficient.training.judge import Judge, Judgement
from sufficient.training.steps import step_of
from sufficient.training.weighted import trained_loss
from sufficient.training.work import forward_flops, threads_for

__all__ = ["OptimumSearch", "Progress"]

FIRST_LOOK = 32
GROWTH = math.sqrt(2)
PATIENCE = 2.0
# Of the loss itself, and of the loss of a constant answer.
LEAST_IMPROVEMENT, LEAST_OF_CONSTANT = 0.005, 0.002
LEAST_STEPS, LEAST_UNLEARNT = 512, 4096
MOST_STEPS, MOST_EPOCHS = 16_384, 200
REACH = 8
LEAST_BATCHES = 8
MOST_INDICES = 2**20


@dataclass(frozen=True)
class Progress:
    """How far a training has come.

    Attributes
    ----------
    steps, kept_steps : int
        Optimiser steps spent, and those after which the kept weights were taken.
    temperature : float
        Of the kept weights: what their logits have to be divided by.
    is_capped : bool
        Whether it was still improving when the most steps allowed were spent.
    """

    steps: int
    kept_steps: int
    temperature: float
    is_capped: bool


class OptimumSearch:
    """Train a net, look at its averaged weights, and keep the best.

    Parameters
    ----------
    net : NeuralNet
        Initialised; trained in place.
    samples : Samples
        Training set.
    judge : Judge
        Tells the loss on samples set apart.
    rng : numpy.random.Generator
        Draws the minibatches.
    """

    def __init__(
        self,
        net: NeuralNet,
        samples: Samples,
        judge: Judge,
        rng: np.random.Generator,
    ) -> None:
        self.net, self.samples, self.judge = net, samples, judge
        self.batch_size = _batch_size(net, len(samples))
        self._step = step_of(net, trained_loss(net, samples))
        self._targets = samples.targets
        self._flops = self.batch_size * forward_flops(net, samples.X)
        self.batches = _batches(len(samples), self.batch_size, rng)
        self.live = _float_tensors(net.module_)
        self.mean = [tensor.clone() for tensor in self.live]
        self.steps, self.next_look = 0, float(FIRST_LOOK)
        self.best, self.kept_steps = self._copy(), 0
        self.judgement = Judgement(math.inf, 1.0)
        self._marked_loss, self._marked_steps = math.inf, 0
        self._constant = judge.of_constant(net)
        self._moving = [tensor.clone() for tensor in self.live]

    @property
    def most_steps(self) -> int:
        """Steps at which training ends in any case."""
        epochs = MOST_EPOCHS * len(self.samples) // self.batch_size
        return max(MOST_STEPS, epochs)

    @property
    def is_complete(self) -> bool:
        """Whether more steps have not helped for long enough."""
        # Looks come at whole steps, a little before or after twice the steps.
        waited = 0.98 * PATIENCE * self._marked_steps
        return self.steps >= max(self._least_steps, waited)

    @property
    def _least_steps(self) -> int:
        """More of them while the net is no better than a constant answer."""
        learnt = self.judgement.loss < (1 - LEAST_IMPROVEMENT) * self._constant
        return LEAST_STEPS if learnt else LEAST_UNLEARNT

    def _least_improvement(self, loss):
        of_constant = self._constant if math.isfinite(self._constant) else 0.0
        return max(LEAST_IMPROVEMENT * abs(loss), LEAST_OF_CONSTANT * of_constant)

    def run(self) -> Progress:
        """Train until more steps do not help, or the most steps are spent.

        The net has its best averaged weights afterwards.
        """
        while not self.is_complete and self.steps < self.most_steps:
            self._advance(min(round(self.next_look), self.most_steps))
        self._finish()
        temperature, capped = self.judgement.temperature, not self.is_complete
        return Progress(self.steps, self.kept_steps, temperature, capped)

    @contextmanager
    def run_twice_as_long(self) -> Iterator[NeuralNet]:
        """The net as twice the steps leave it; afterwards it is as it was."""
        before, most = copy.deepcopy(self.net.module_.state_dict()), 2 * self.steps
        _copy_to(self.live, self._moving)
        try:
            while self.steps < most:
                self._advance(min(round(self.next_look), most))
            self._finish()
            yield self.net
        finally:
            # Counts of batches included, which are not averaged.
            self.net.module_.load_state_dict(before)

    def _finish(self):
        self._moving = [tensor.clone() for tensor in self.live]
        _copy_to(self.live, self.best)
        self.net.module_.eval()

    def _advance(self, steps):
        with threads_for(self._flops):
            for rows in self._minibatches(steps - self.steps):
                self._step(self.samples.X[rows], self._targets[rows])
                self.steps += 1
                with torch.no_grad():
                    weight = (REACH + 1) / (self.steps + REACH)
                    torch._foreach_lerp_(self.mean, self.live, weight)
            self.next_look = max(self.next_look, self.steps) * GROWTH
            self._look()

    def _minibatches(self, n):
        """Rows of the next minibatches, sent to the device many at a time."""
        is_read = isinstance(self.samples.X, Stream)
        device = "cpu" if is_read else self.samples.y.device
        most = max(1, MOST_INDICES // self.batch_size)
        for part in gen_batches(n, most):
            rows = [next(self.batches) for _ in range(part.stop - part.start)]
            yield from torch.stack(rows).to(device)

    def _look(self):
        moving = [tensor.clone() for tensor in self.live]
        _copy_to(self.live, self.mean)
        judgement = self.judge(self.net)
        loss = judgement.loss
        if not math.isfinite(min(loss, self.judgement.loss)):
            raise ValueError(
                f"The loss in training became {loss} with {len(self.samples)} samples, "
                f"within {self.steps} steps. Lower the learning rate, scale X, or "
                "check that the criterion fits the outputs."
            )
        if loss < self.judgement.loss:
            self.best, self.kept_steps = self._copy(), self.steps
            self.judgement = judgement
        if self._marked_loss - loss > self._least_improvement(loss):
            self._marked_loss, self._marked_steps = loss, self.steps
        _copy_to(self.live, moving)

    def _copy(self):
        return [tensor.clone() for tensor in self.mean]


def _batch_size(net: NeuralNet, n: int) -> int:
    """That of the net, or less where it would leave fewer than eight minibatches."""
    given = net.batch_size if net.batch_size > 0 else n
    # Of one sample alone, batch normalisation makes nothing.
    return min(given, max(2, n // LEAST_BATCHES))


def _batches(n: int, size: int, rng: np.random.Generator) -> Iterator[Tensor]:
    """Minibatches out of one permutation after another, none of them shorter."""
    rows = np.empty(0, dtype=np.int64)
    while True:
        while len(rows) < size:
            rows = np.concatenate([rows, rng.permutation(n)])
        yield torch.from_numpy(rows[:size])
        rows = rows[size:]


def _float_tensors(module: torch.nn.Module) -> list[Tensor]:
    # Buffers belong to it: the running statistics of batch normalisation.
    trained = (p for p in module.parameters() if p.requires_grad)
    tensors = [*trained, *module.buffers()]
    return [t.detach() for t in tensors if t.is_floating_point()]


def _copy_to(targets: list[Tensor], sources: list[Tensor]) -> None:
    with torch.no_grad():
        torch._foreach_copy_(targets, sources)
