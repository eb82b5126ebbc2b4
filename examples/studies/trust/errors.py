"""Do the intervals of Delta cover a reference with ten times the samples and draws?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sufficient.data.samples import Samples
from sufficient.growing.plan import plan_run
from sufficient.landscape.measure import measure
from sufficient.settings import Settings
from sufficient.training.criteria import objective_of

from .pairs import Pair

__all__ = ["COUNTS", "standard_errors"]

COUNTS = (8, 40)
N_FRESH, N_DRAWS, TIMES = 2_048, 64, 10
REPLICATES = 8
DELTAS = ("delta", "projected")


def standard_errors(pair: Pair, seed: int) -> list[dict]:
    """One row for each size and each independent set of fresh samples and draws."""
    data = pair.load()
    plan = plan_run(pair.estimator(), data.X, data.y, Settings(), seed)
    run, growth = plan.run, plan.growth
    run.begin(growth.pool)
    unseen = _unseen(plan, data)
    rows = []
    for k in COUNTS:
        seen = growth.first(k)
        objective = objective_of(run.training.net_at(seen, growth.held_out, k))
        rows += _at_one_net(objective, seen, unseen, run.probe.settings, seed)
    return [{"pair": pair.name, "seed": seed, **row} for row in rows]


def _unseen(plan, data):
    """All samples that are not trained on: enough for the reference and all sets."""
    run, growth = plan.run, plan.growth
    targets = run.task.encode(data.y_test)
    test = Samples.for_net(run.training.template, data.X_test, targets)
    return growth.pool[COUNTS[-1] * growth.batch_size :] + growth.held_out + test


def _at_one_net(objective, seen, unseen, settings, seed):
    """Estimates from several sets of fresh samples, each beside one large reference."""
    rng = np.random.default_rng(seed)
    samples = rng.permutation(len(unseen))
    rows, rest = np.split(samples, [TIMES * N_FRESH])
    reference = _measured(objective, seen, unseen[rows], settings, TIMES * N_DRAWS, rng)
    n_sets = len(rest) // N_FRESH
    for rows in np.array_split(rest[: n_sets * N_FRESH], n_sets)[:REPLICATES]:
        found = _measured(objective, seen, unseen[rows], settings, N_DRAWS, rng)
        yield {"n": len(seen), **_beside(found, reference)}


def _beside(found, reference):
    return {
        f"{name}_{what}": float(columns[column])
        for name in DELTAS
        for what, columns, column in (
            ("value", found, name),
            ("std_err", found, f"{name}_std_err"),
            ("reference", reference, name),
            ("reference_std_err", reference, f"{name}_std_err"),
        )
    }


def _measured(objective, seen, fresh, settings, n_draws, rng):
    draws = rng.standard_normal((n_draws, settings.draws.shape[1]))
    settings = replace(settings, draws=draws, n_fresh=len(fresh), n_candidates=1)
    return measure(objective, seen, fresh, fresh[:0], settings, rng).columns
