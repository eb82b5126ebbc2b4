"""How the answer was measured, for those who want to know."""

from __future__ import annotations

from sufficient.report.classes import class_lines
from sufficient.report.landscape import plateau_line
from sufficient.report.numbers import count, gain, number, percent, share
from sufficient.report.reasons import reasons
from sufficient.results import SampleSizeCurve
from sufficient.settings import Settings

__all__ = ["details"]


def details(curve: SampleSizeCurve, settings: Settings) -> list[str]:
    """Sentences on scores, classes and landscape, and all that weakens the answer.

    Parameters
    ----------
    curve : SampleSizeCurve
        What was measured.
    settings : Settings
        How.

    Returns
    -------
    list of str
    """
    return [
        _sizes(curve),
        _scores(curve),
        _losses(curve),
        *class_lines(curve),
        _landscape(curve),
        plateau_line(curve, settings),
        *(f"Note: {sentence}" for sentence in reasons(curve, settings)),
    ]


def _sizes(curve):
    sizes = curve.columns["train_size"]
    return (
        f"Measured at {len(sizes)} sizes from {count(sizes[0])} to {count(sizes[-1])} "
        f"samples; {count(curve.record.last.columns['n_held_out'])} are held out."
    )


def _scores(curve):
    last = curve.record.last.columns
    gap = last["train_score"] - last["validation_score"]
    return (
        f"The training score is {share(last['train_score'])}, {gain(gap)} from the "
        f"held-out one; a constant answer scores {share(last['chance_score'])}."
    )


def _losses(curve):
    last = curve.record.last.columns
    return (
        f"The loss is {number(last['train_loss'])} on the samples trained on and "
        f"{number(last['validation_loss'])} on held-out ones; the gradient has the "
        f"length {number(last['gradient_norm'])}, and the most negative curvature is "
        f"{percent(last['negative_curvature'])} of the largest."
    )


def _landscape(curve):
    last = curve.record.last.columns
    return (
        f"The weights were displaced by sigma={number(last['sigma'])}, which raises "
        f"the loss by {number(last['expected_rise'])} in its second-order model; the "
        f"change by one more batch is {number(last['quadratic_ratio'])} times that of "
        f"the model, {percent(last['level_share'])} of which is a change of the level."
    )
