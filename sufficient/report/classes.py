"""Which class, or bin, has the lowest score and which should gain most from data."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from sufficient.decision.class_scores import ClassScores
from sufficient.report.numbers import count, gain, interval, share
from sufficient.results import SampleSizeCurve

__all__ = ["class_lines"]

FEW_HELD_OUT = 30
# Ends of a 90 % interval, in standard errors.
REACH = float(stats.norm.ppf(0.95))


def class_lines(curve: SampleSizeCurve) -> Iterator[str]:
    """Sentences on the classes, or bins of a target, that clearly differ from others.

    Parameters
    ----------
    curve : SampleSizeCurve
        What was measured.

    Yields
    ------
    str
        None for several numeric targets, or where no class clearly differs.
    """
    if curve.by_class is None:
        return
    yield from _lowest(curve.by_class)
    yield from _gains_most(curve.by_class)


def _lowest(by_class: ClassScores) -> Iterator[str]:
    scores, n = by_class.scores[-1], by_class.n_held_out[-1]
    found = _extreme(-scores, by_class.std_err[-1])
    if found is None:
        return
    c, surplus, is_clear = found
    text = (
        f"The {by_class.score_name} of {_named(by_class, c)}, {share(scores[c])}, is "
        "the lowest"
    )
    if surplus > 0 and n[c] < FEW_HELD_OUT:
        yield f"{text}, but only {count(n[c])} of its samples are held out."
    elif is_clear:
        yield f"{text}; {count(n[c])} of its samples are held out."


def _gains_most(by_class: ClassScores) -> Iterator[str]:
    gains = np.array([one.expected for one in by_class.gains])
    ends = np.array([one.interval for one in by_class.gains])
    found = _extreme(gains, (ends[:, 1] - ends[:, 0]) / (2 * REACH))
    if found is None or not found[2]:
        return
    c = found[0]
    yield (
        f"Twice the data should add most to the {by_class.score_name} of "
        f"{_named(by_class, c)}, {gain(gains[c])} (90 % interval {interval(*ends[c])})."
    )


def _named(by_class: ClassScores, c: int) -> str:
    return f"{by_class.kind} {by_class.classes[c]}"


def _extreme(values: np.ndarray, std_err: np.ndarray) -> tuple[int, float, bool] | None:
    """The largest value, by how much, and whether that is clear."""
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 2:
        return None
    second, first = known[np.argsort(values[known], kind="stable")[-2:]]
    surplus = float(values[first] - values[second])
    error = float(np.hypot(std_err[first], std_err[second]))
    return int(first), surplus, surplus > REACH * error
