"""Do the intervals of Delta hold a reference with ten times the samples and draws?"""

from dataclasses import fields, replace
from inspect import signature

import numpy as np

from sufficient.curve import sample_size_curve
from sufficient.data.samples import Samples
from sufficient.growing.plan import plan_curve
from sufficient.growing.run import RunSettings
from sufficient.landscape.measure import measure
from sufficient.training.net import objective_of

__all__ = ["COUNTS", "standard_errors"]

COUNTS = (8, 40)
N_FRESH, N_DRAWS, TIMES = 2_048, 64, 10
REPLICATES = 8
DELTAS = ("delta", "projected")


def standard_errors(pair, seed) -> list[dict]:
    """One row for each size and each independent set of fresh samples and draws."""
    data = pair.load()
    plan = plan_curve(pair.estimator(), data.X, data.y, _defaults(), seed)
    run, size = plan.run, plan.run.batch_size
    run.begin(plan.pool)
    unseen = _unseen(plan, data, run.task, COUNTS[-1] * size)
    rows = []
    for k in range(1, COUNTS[-1] + 1):
        seen = plan.pool[: k * size]
        run.train(seen, size, k)
        if k in COUNTS:
            net = run.training.net_at(seen.X, seen.y, k)
            rows += _at_one_net(objective_of(net), seen, unseen, run.measuring, seed)
    return [{"pair": pair.name, "seed": seed, **row} for row in rows]


def _defaults():
    asked = signature(sample_size_curve).parameters
    return RunSettings(**{f.name: asked[f.name].default for f in fields(RunSettings)})


def _unseen(plan, data, task, n_seen):
    """Everything that is never trained on here: enough for all the sets."""
    more = (data.X_test, data.y_test), (data.X_apart, data.y_apart)
    test, apart = (Samples.for_net(plan.run.net, X, task.encode(y)) for X, y in more)
    return plan.pool[n_seen:] + plan.held_out + test + apart


def _at_one_net(objective, seen, unseen, settings, seed):
    rng = np.random.default_rng(seed)
    samples = rng.permutation(len(unseen))
    reference_rows, rest = np.split(samples, [TIMES * N_FRESH])
    reference = _measured(
        objective, seen, unseen[reference_rows], settings, TIMES * N_DRAWS, rng
    )
    sets = np.array_split(rest[: len(rest) // N_FRESH * N_FRESH], len(rest) // N_FRESH)
    for rows in sets[:REPLICATES]:
        found = _measured(objective, seen, unseen[rows], settings, N_DRAWS, rng)
        yield {
            "n": len(seen),
            **{
                f"{name}_{what}": float(columns[column])
                for name in DELTAS
                for what, columns, column in (
                    ("value", found, name),
                    ("std_err", found, f"{name}_std_err"),
                    ("reference", reference, name),
                    ("reference_std_err", reference, f"{name}_std_err"),
                )
            },
        }


def _measured(objective, seen, fresh, settings, n_draws, rng):
    draws = rng.standard_normal((n_draws, settings.draws.shape[1]))
    settings = replace(settings, draws=draws, n_fresh=len(fresh), n_candidates=1)
    return measure(objective, seen, fresh, fresh[:0], settings, rng).columns
