"""How many samples reach a target score."""

from __future__ import annotations

import numpy as np

__all__ = [
    "FORECAST_REACH",
    "MOST_REACH",
    "check_target",
    "far_away",
    "first_size",
    "out_of_reach",
    "target_sizes",
]

# Up to so many times the data a size is a forecast, then an order of magnitude.
FORECAST_REACH, MOST_REACH = 4.0, 16.0
N_SIZES = 161


def target_sizes(first: float, n: float) -> np.ndarray:
    """Sizes at which a target is looked for, from the first one that counts on."""
    return np.geomspace(first, MOST_REACH * n, N_SIZES)


def first_size(
    sizes: np.ndarray, reached: np.ndarray, assurance: float
) -> float | None:
    """Smallest size at which the target is reached with enough probability.

    Parameters
    ----------
    sizes : ndarray of shape (n_grid,)
        Training-set sizes, smallest first.
    reached : ndarray of shape (n_draws, n_grid), bool
        Whether each draw of the learning curve reaches the target there.
    assurance : float
        Probability.

    Returns
    -------
    float or None
        Between two sizes by a line in log size; None where no size does.
    """
    probability = reached.mean(axis=0)
    enough = np.flatnonzero(probability >= assurance)
    if not len(enough):
        return None
    i = enough[0]
    if i == 0:
        return float(sizes[0])
    below, above = probability[i - 1], probability[i]
    share = (assurance - below) / (above - below)
    return float(sizes[i - 1] * (sizes[i] / sizes[i - 1]) ** share)


def check_target(target: float, score_range: tuple[float, float]) -> None:
    """Raise a ValueError if a target lies outside the range of the score."""
    worst, best = score_range
    if not worst <= target <= best:
        hint = " Is it a percentage?" if best == 1 and 1 < target <= 100 else ""
        raise ValueError(
            f"The target {target!r} lies outside the range of the score, {worst:g} to "
            f"{best:g}.{hint}"
        )


def out_of_reach(
    target: float,
    assurance: float,
    most: float,
    score: tuple[float, tuple[float, float]],
    probability: float,
) -> str:
    """Say that a target is not reached, and what is expected at the largest size."""
    expected, (low, high) = score
    return (
        f"A score of {target:g} is not reached with a probability of {assurance:.0%} "
        f"within {MOST_REACH:g} times the data. With {most:,.0f} samples "
        f"{expected:.3f} is expected (90 % interval {low:.3f} to {high:.3f}), and the "
        f"probability is {probability:.0%}. Another net, better features or cleaner "
        "labels may reach it."
    )


def far_away(n: float) -> str:
    """Say that a size lies further than a forecast can be relied on."""
    return (
        f"{n:,.0f} samples are more than {FORECAST_REACH:g} times the data: only an "
        "order of magnitude. Label more and ask again."
    )
