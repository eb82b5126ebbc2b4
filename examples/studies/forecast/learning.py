"""Learn the hyperparameters of the forecast by the predictive density of what comes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .density import Points, batches, log_predictive, points_of
from .users import NETS, State

__all__ = ["FIRST_GUESS", "Lesson", "learn", "mean_score"]

FIRST_GUESS = {
    "power": 0.8,
    "late_power": -2.0,
    "falling": -4.0,
    "lasting": -2.6,
    "late": -4.0,
    "length": 1.45,
    "early": 0.58,
    "mean_of": -1.2,
    "trust": 0.06,
    "gap_share": -0.46,
    "gap_spread": -0.32,
}
NET_SHARE, SHARE_WITH_GAP = 0.8, 2 / 3
RATE = 0.05
# A state that the model cannot explain must not rule: its log density counts as this.
LEAST = -12.0


@dataclass(frozen=True)
class Lesson:
    """States to learn from or to be scored on, and how much each counts."""

    points: list[Points]
    weights: np.ndarray

    @classmethod
    def of(cls, states: Sequence[State]) -> Lesson:
        """All tables count the same, nets four fifths; a third lacks the gap."""
        with_gap = np.random.default_rng(5).random(len(states)) < SHARE_WITH_GAP
        return cls([*map(points_of, states, with_gap)], _weights(states))


def learn(
    lesson: Lesson, steps: int, size: int, fixed: dict[str, float]
) -> dict[str, float]:
    """Hyperparameters that maximise the predictive density.

    Parameters
    ----------
    lesson : Lesson
        States to learn from.
    steps, size : int
        Steps of Adam, and number of states of each.
    fixed : dict of str to float
        Hyperparameters that are given.
    """
    prior = _tensors({**FIRST_GUESS, **fixed})
    free = [prior[name].requires_grad_() for name in prior if name not in fixed]
    adam = torch.optim.Adam(free, lr=RATE)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps, RATE / 20)
    rng = np.random.default_rng(0)
    for _ in range(steps):
        chosen = rng.choice(len(lesson.points), size, p=lesson.weights)
        adam.zero_grad()
        for _, points in batches([lesson.points[i] for i in chosen]):
            scores = log_predictive(points, prior)
            losses = -torch.logaddexp(scores, torch.full_like(scores, LEAST))
            (losses.sum() / size).backward()
        adam.step()
        slower.step()
    return {name: value.item() for name, value in prior.items()}


def mean_score(lesson: Lesson, prior: dict[str, float]) -> float:
    """Weighted mean of the log predictive density."""
    tensors, scores = _tensors(prior), np.empty(len(lesson.points))
    with torch.no_grad():
        for places, points in batches(lesson.points):
            scores[places] = log_predictive(points, tensors)
    return float(lesson.weights @ np.maximum(scores, LEAST))


def _tensors(prior):
    return {n: torch.tensor(v, dtype=torch.float64) for n, v in prior.items()}


def _weights(states):
    tables = np.array([state.table for state in states])
    nets = np.array([state.learner in NETS for state in states])
    weights = np.zeros(len(states))
    for some, share in ((nets, NET_SHARE), (~nets, 1 - NET_SHARE)):
        for table in np.unique(tables[some]):
            alike = some & (tables == table)
            weights[alike] = share / alike.sum()
    return weights / weights.sum()
