"""How far successive networks agree, in words."""

from __future__ import annotations

from math import isnan

from sufficient.decision.agreement import STABLE_FROM, WINDOW, predictions_are_stable
from sufficient.report.numbers import count, share
from sufficient.results import SampleSizeCurve

__all__ = ["agreement_lines"]


def agreement_lines(curve: SampleSizeCurve) -> list[str]:
    """One line on the predictions of the last networks; none where it is not known."""
    found = curve.columns["prediction_agreement"]
    if isnan(found[-1]):
        return []
    name = "concordance" if curve.task.is_regression else "Cohen's kappa"
    stable = "stable" if predictions_are_stable(curve.record) else "not stable"
    n_unlabelled = curve.columns["n_unlabelled"][-1]
    which = f"{count(n_unlabelled)} unlabelled" if n_unlabelled else "held-out"
    return [
        f"Predictions: {stable}. The last two networks agree on {which} samples with "
        f"a {name} of {share(found[-1])}; stable is {share(STABLE_FROM)} or more on "
        f"average over {WINDOW} sizes."
    ]
