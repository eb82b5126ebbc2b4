"""Policies for buying labels: given what is seen, how many to order next."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from .baselines import power_law_doublings
from .judging import OURS, forecast_of
from .users import State

__all__ = ["ASSURANCES", "MARGINS", "Policy", "assured", "policies", "with_margin"]

# Of the state, the target and the rounds so far: samples to label; 0 stops.
Policy = Callable[[State, float, int], float]

POWER_LAW_ROUNDS = 5
# Tried: added to the target of the power law, and asked of the library.
MARGINS = (0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06)
ASSURANCES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def policies() -> dict[str, Policy]:
    """All policies by name."""
    return {
        OURS: next_batch,
        f"{OURS}, until the score is seen": until_seen(next_batch),
        "doubling until the score is seen": until_seen(doubling),
        "one order by POW3": partial(power_law, margin=0, most_rounds=1),
        **{
            with_margin(margin): partial(power_law, margin=margin) for margin in MARGINS
        },
        **{assured(a): partial(next_batch, assurance=a) for a in ASSURANCES},
    }


def with_margin(margin: float) -> str:
    """Name of the policy that adds a margin to the target of the power law."""
    return f"POW3 in {POWER_LAW_ROUNDS} rounds, {100 * margin:g} points on top"


def assured(assurance: float) -> str:
    """Name of the policy that asks the library for another assurance."""
    return f"{OURS}, assurance {assurance:.0%}"


def until_seen(policy: Policy) -> Policy:
    """The same policy, which stops when the score that is seen reaches the target."""

    def stopped(state, target, n_rounds):
        return 0 if _shows(state, target) else policy(state, target, n_rounds)

    return stopped


def next_batch(
    state: State, target: float, n_rounds: int, assurance: float = 0.8
) -> float:
    """The library's batch; a round costs a tenth of the samples at hand."""
    return forecast_of(state).next_batch(target, assurance=assurance)


def doubling(state: State, target: float, n_rounds: int) -> float:
    """As many samples as are at hand."""
    return float(state.n[-1])


def power_law(
    state: State,
    target: float,
    n_rounds: int,
    margin: float,
    most_rounds: int = POWER_LAW_ROUNDS,
) -> float:
    """Up to the size at which POW3 reaches the target and a margin on top.

    The correction of Mahmood et al., "How much more data do I need?" (2022), with a
    margin that other curves have chosen.
    """
    if n_rounds == most_rounds or (n_rounds and _shows(state, target)):
        return 0
    x = np.log2(state.n / state.n[-1])
    doublings = power_law_doublings(x, state.errors, 1 - target - margin)
    return float(state.n[-1] * (2**doublings - 1))


def _shows(state, target):
    return bool(1 - state.errors[-1] >= target)
