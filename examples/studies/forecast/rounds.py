"""Labels bought in rounds until a target score is reached, replayed on real curves.

A buyer knows the scores on some sizes of a learning curve, orders labels, sees the
score on the new size, and goes on until the policy says stop or the curve ends. The
target is the true score at a later size, so the least that it takes is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from .curves import DOUBLING, Curve
from .judging import MIN_GAIN
from .policies import Policy
from .users import LEAST_SIZE, NETS, State, held_out, one_user

__all__ = ["Buyer", "buyers_of", "replayed"]

MOST_ROUNDS = 20
# The sizes on the grid are rounded numbers.
ROUNDED = 0.01


@dataclass(frozen=True)
class Buyer:
    """One user of one curve, with a target.

    Attributes
    ----------
    run : State
        What the user will see if all sizes of the curve are bought.
    truth : ndarray of shape (n_sizes,)
        Mean errors at those sizes.
    target_place : int
        First size whose mean error reaches the target.
    places : tuple of int
        Sizes seen so far.
    """

    run: State
    truth: np.ndarray
    target_place: int
    places: tuple[int, ...]

    @property
    def target(self) -> float:
        """Score to reach."""
        return 1 - float(self.truth[self.target_place])

    @property
    def state(self) -> State:
        """What the user has seen so far."""
        seen, run = list(self.places), self.run
        return replace(
            run,
            n=run.n[seen],
            errors=run.errors[seen],
            train_errors=run.train_errors[seen],
        )

    @property
    def is_at_the_end(self) -> bool:
        """Whether the curve has no larger size."""
        return self.places[-1] == len(self.truth) - 1

    def after(self, n_more: float) -> Buyer:
        """The same buyer with more labels, on the next size of the curve."""
        last = self.places[-1]
        wanted = (self.run.n[last] + n_more) * (1 - ROUNDED)
        place = max(int(np.searchsorted(self.run.n, wanted)), last + 1)
        return replace(self, places=(*self.places, min(place, len(self.truth) - 1)))


def buyers_of(
    curve: Curve, count: int, n_held_out: int | None, seed: int
) -> Iterator[Buyer]:
    """Users of a curve whose target is a point or more away.

    Parameters
    ----------
    curve : Curve
        A learning curve; those of other learners than nets have no users.
    count : int
        Users to try; those whose target would be nearer are left out.
    n_held_out : int or None
        Their held-out samples; None draws a number for each, about 1,000.
    seed : int
        Seed of the random numbers.
    """
    known = np.flatnonzero(np.isfinite(curve.errors))
    least = max(3 * DOUBLING, np.searchsorted(curve.sizes[known], LEAST_SIZE))
    if curve.learner not in NETS or len(known) <= least + 2 * DOUBLING:
        return
    rng = np.random.default_rng([seed, curve.table, curve.place_in_file])
    truth = curve.errors[known]
    for _ in range(count):
        last = rng.integers(least, len(known) - 2 * DOUBLING)
        later = rng.integers(last + 1, len(known) - DOUBLING)
        place = int(np.argmax(truth <= truth[later]))
        run = one_user(curve, known, n_held_out or held_out(rng), rng)
        if place > last and truth[place] <= truth[last] - MIN_GAIN:
            yield Buyer(run, truth, place, tuple(range(last % 2, last + 1, 2)))


def replayed(buyer: Buyer, policy: Policy) -> dict:
    """Where a policy ends, and whether it reached the target.

    `missed` and `spent` (samples at the end over the least that reach the target) are
    by the mean error; `missed_seen` and `spent_seen` by the score that the buyer sees,
    NaN where no later size shows the target.
    """
    first = buyer.places[-1]
    for n_rounds in range(MOST_ROUNDS):
        n_more = policy(buyer.state, buyer.target, n_rounds)
        if n_more == 0 or buyer.is_at_the_end:
            break
        buyer = buyer.after(n_more)
    last, sizes = buyer.places[-1], buyer.run.n
    shows = np.flatnonzero(1 - buyer.run.errors >= buyer.target)
    later = shows[shows > first]
    judged = len(later) > 0 and first not in shows
    return {
        "table": buyer.run.table,
        "missed": bool(1 - buyer.truth[last] < buyer.target),
        "spent": float(sizes[last] / sizes[buyer.target_place]),
        "missed_seen": float(last not in shows) if judged else np.nan,
        "spent_seen": float(sizes[last] / sizes[later[0]]) if judged else np.nan,
        "rounds": n_rounds,
        "at_end": buyer.is_at_the_end,
    }
