"""Algorithm 1 of paper B: grow, train, measure, decide.

In the paper's letters: D is the training set of k batches, w* the weights trained on
it, lambda_1 ... lambda_d the leading eigenvalues of the Hessian of its mean loss, and
Delta_k the expected squared change of that loss when one more batch arrives. The paper
stops as soon as Delta_k is below its tolerance; the rule here also asks that it stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from sufficient.decision.stopping import StoppingRule
from sufficient.growing.growth import Growth
from sufficient.growing.probe import Probe
from sufficient.results import Record
from sufficient.training.strategy import Training

__all__ = ["grow_until_settled"]


def grow_until_settled(
    growth: Growth, training: Training, probe: Probe, rule: StoppingRule, record: Record
) -> Iterator[Record]:
    """Yield what is known at every measured size, until the landscape has settled."""
    for k in growth.counts_after(record.last_count):
        seen = growth.first(k)  # 1. Add the k-th batch.
        training.extend(seen, growth.batch_size, k)  # 2. Train on everything so far.
        if not growth.is_measured(k):
            continue
        fresh = growth.fresh_after(k)  # 3. Find the leading eigenpairs, and Delta_k on
        net = training.net_at(seen, fresh.held_out, k)  # samples never trained on.
        record = record.with_one_more(probe.measure(net, seen, fresh, k, record))
        yield record
        if rule.says_enough(record):  # 4. Stop where one more batch changes nothing.
            return
