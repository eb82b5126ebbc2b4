"""How many samples to label before asking again."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np

from sufficient.decision.targets import FORECAST_REACH

__all__ = ["Costs", "best_batch"]


@dataclass(frozen=True)
class Costs:
    """What labelling costs, all in the same unit.

    Attributes
    ----------
    per_sample : float
        One label.
    per_round : float
        Asking once more: training, waiting, and setting up the labelling.
    value : float
        What the target is worth; infinite where it has to be reached.
    """

    per_sample: float
    per_round: float
    value: float = inf

    def __post_init__(self) -> None:
        for name, cost in vars(self).items():
            if not cost >= 0 or (name != "value" and not np.isfinite(cost)):
                raise ValueError(
                    f"Costs have to be zero or more, and finite, got {name}={cost!r}."
                )
        if not self.per_sample > 0:
            raise ValueError("A label has to cost something: cost_per_sample > 0.")


def best_batch(sizes: np.ndarray, unreached: np.ndarray, n: float, costs: Costs) -> int:
    r"""Number of samples to label next, by the least expected cost.

    Rounds go on until the target is reached or given up. With s samples at hand and the
    target not reached, what is still to be paid is, by dynamic programming,

    .. math:: C(s) = \min\Bigl(V,\ \min_{s < t \le 4 s} c (t - s) + R
              + P(n^* > t \mid n^* > s)\, C(t)\Bigr)

    with the cost c of a sample, R of a round and the value V of the target. That a
    round also sharpens the forecast is left out, so batches are rather too large.

    Parameters
    ----------
    sizes : ndarray of shape (n_grid,)
        Training-set sizes, smallest first.
    unreached : ndarray of shape (n_grid,)
        Probability that the size :math:`n^*` which reaches the target lies beyond each.
    n : float
        Samples at hand.
    costs : Costs
        What a sample, a round and the target are worth.

    Returns
    -------
    int
        0 where giving up costs less than any batch.
    """
    ahead = sizes > n
    size, beyond = np.r_[n, sizes[ahead]], np.r_[0.0, unreached[ahead]]
    beyond[0] = np.interp(n, sizes, unreached)
    if not beyond[0] > 0:
        return 0
    # Beyond the last size a target that has to be reached is out of sight for all.
    remaining = np.full(len(size), costs.value if np.isfinite(costs.value) else 0.0)
    best = 0
    for i in reversed(range(len(size) - 1)):
        later = slice(i + 1, np.searchsorted(size, FORECAST_REACH * size[i], "right"))
        still = beyond[later] / beyond[i] if beyond[i] > 0 else 0 * beyond[later]
        total = costs.per_sample * (size[later] - size[i]) + costs.per_round
        total = total + still * remaining[later]
        best = int(total.argmin()) + i + 1
        remaining[i] = min(costs.value, total.min())
    gives_up = costs.value <= total.min()
    return 0 if gives_up else int(np.ceil(size[best] - n))
