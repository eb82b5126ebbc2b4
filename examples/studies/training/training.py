"""One way of training along the growing set, and what it comes to at every size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from unittest.mock import patch

from skorch import NeuralNet

from sufficient.data.samples import Samples
from sufficient.settings import Settings
from sufficient.training import converged, optimum
from sufficient.training.strategy import Training

from .pairs import Pair, Problem, loss_of, outputs_of, score_of
from .variants import VARIANTS

__all__ = ["trained"]


def trained(pair: Pair, seed: int, name: str, sizes: list[int]) -> list[dict]:
    """Scores, losses and steps of a variant, one row for each size."""
    problem, variant = pair.problem(seed), VARIANTS[name]
    settings = Settings(scoring=variant.scoring)
    training = variant.kind(problem.template, settings, seed)
    held_out = _between(problem.held_out, *variant.held_out)
    with (
        patch.dict(vars(optimum), variant.constants),
        patch.object(converged, "Judge", variant.judge),
    ):
        return [
            {"n": n, "steps": training.n_steps, **_result(net, problem)}
            for n, net in _grown(training, problem.train, held_out, sizes)
        ]


def _grown(
    training: Training, train: Samples, held_out: Samples, sizes: list[int]
) -> Iterator[tuple[int, NeuralNet]]:
    size = training.template.batch_size
    training.begin(train[: sizes[-1]])
    counts = sorted({0, *range(size, sizes[-1], size), *sizes})
    for k, (before, n) in enumerate(pairwise(counts), start=1):
        training.extend(train[:n], n - before, k)
        if n in sizes:
            yield n, training.net_at(train[:n], held_out, k)


def _result(net, problem: Problem):
    outputs, y = outputs_of(net, problem.test.X), problem.test.y
    halves = _between(problem.held_out, 0, 0.5), _between(problem.held_out, 0.5, 1)
    return {
        "score": score_of(outputs, y),
        "loss": loss_of(outputs, y),
        "halves": [score_of(outputs_of(net, half.X), half.y) for half in halves],
    }


def _between(samples, start, stop):
    n = len(samples)
    return samples[round(start * n) : round(stop * n)]
