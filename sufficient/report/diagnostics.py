"""What weakens the answer, read off the last measured size, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sufficient.decision.verdict import VERDICTS
from sufficient.results import SampleSizeCurve
from sufficient.settings import BOUNDS, Settings
from sufficient.training.strategies import STRATEGIES

__all__ = ["diagnoses", "void_reasons"]

FEW_FRESH = 512
FAR_FROM_QUADRATIC = 0.5
LARGE_GRADIENT_STEP = 0.5
NEGATIVE_CURVATURE = 0.1
MEMORISED = 3


def diagnoses(curve: SampleSizeCurve, settings: Settings) -> Iterator[str]:
    """Sentences on where the measurement was made, and on what makes it void.

    Parameters
    ----------
    curve : SampleSizeCurve
        What was measured.
    settings : Settings
        How.

    Yields
    ------
    str
    """
    last = _last(curve)
    yield _where(last)
    for diagnosis in (*VOID, *WEAKER):
        yield from diagnosis(last, curve, settings)


def void_reasons(curve: SampleSizeCurve, settings: Settings) -> Iterator[str]:
    """Those of the sentences that make the answer void.

    Parameters
    ----------
    curve : SampleSizeCurve
        What was measured.
    settings : Settings
        How.

    Yields
    ------
    str
    """
    for diagnosis in VOID:
        yield from diagnosis(_last(curve), curve, settings)


def _last(curve):
    return {name: column[-1] for name, column in curve.columns.items()}


def _where(last):
    if not last["projected"]:
        return (
            "Nothing changes when a batch is added: around its weights the net gives "
            "the same answer to everything. Scale X, or train longer."
        )
    return (
        f"Measured at displacements of sigma={last['sigma']:.3g}: the expected rise of "
        f"the loss is {last['expected_rise']:.3g}, the real Delta is "
        f"{last['quadratic_ratio']:.2g} times its second-order model, and "
        f"{last['level_share']:.0%} of the model is a change of the loss level. The "
        f"loss is {last['train_loss']:.3g} on seen and {last['fresh_loss']:.3g} on "
        f"fresh samples, the gradient norm {last['gradient_norm']:.3g}, the most "
        f"negative curvature {last['negative_curvature']:.1%} of the largest."
    )


def _chance(last, curve, settings):
    if curve.verdict == VERDICTS[0]:
        yield (
            f"Void: the validation score, {last['validation_score']:.3f}, is not "
            f"clearly above that of a constant answer, {last['chance_score']:.3f}. A "
            "net that has learnt nothing is flat and stable; train longer, or check "
            "the labels."
        )


def _no_gain(last, curve, settings):
    if curve.gain.is_unknown and not STRATEGIES[settings.training].is_one_net:
        yield (
            "Note: the last score is not a number, so there is no forecast of it; hold "
            "more samples out, or take another scoring."
        )
    elif curve.gain.is_unknown:
        yield (
            "Note: one net was trained on everything, so its scores do not tell what "
            "more data would add; the verdict cannot be 'sufficient'."
        )


def _fresh(last, curve, settings):
    name = BOUNDS[settings.bound]
    error = last[f"{name}_std_err"] / last[name] if last[name] else np.inf
    if last["n_fresh"] < FEW_FRESH:
        how_large = f"of {error:.0%}" if np.isfinite(error) else "of unknown size"
        yield (
            f"Weakened by: only {int(last['n_fresh'])} fresh samples to average over, "
            f"so Delta carries a standard error {how_large}."
        )


def _quadratic(last, curve, settings):
    ratio = last["quadratic_ratio"]
    if settings.bound != "monte_carlo" and ratio < FAR_FROM_QUADRATIC:
        times = f"{1 / ratio:.0f} times" if ratio else "infinitely"
        yield (
            f"Note: the real loss changes {times} less than its second-order model, "
            "which asks for more data than the definition does; bound='monte_carlo' or "
            "sigma='auto' read the real loss."
        )


def _exceeded(last, curve, settings):
    if last["delta"] - 2 * last["delta_std_err"] > last[BOUNDS[settings.bound]]:
        yield (
            "Void: the real loss changes by more than the curve that decides, "
            f"{last['delta']:.3g} against {last[BOUNDS[settings.bound]]:.3g}: it is no "
            "bound here. Use bound='monte_carlo', or a smaller sigma."
        )


def _minimum(last, curve, settings):
    largest = abs(curve.eigenvalues[-1, 0])
    far = last["gradient_norm"] ** 2 > LARGE_GRADIENT_STEP * abs(
        last["train_loss"] * largest
    )
    if far or last["negative_curvature"] > NEGATIVE_CURVATURE:
        yield (
            "Weakened by: the net is not at a minimum, by its gradient or its negative "
            "curvature; more update_epochs bring it closer and move k*."
        )


def _memory(last, curve, settings):
    fresh, seen = last["fresh_loss"], last["train_loss"]
    # A loss that is a likelihood may be negative, and its ratio says nothing.
    if 0 <= seen < fresh / MEMORISED:
        times = fresh / seen if seen else np.inf
        yield (
            "Note: the net has memorised its data, the loss on fresh samples being "
            f"{times:.1f} times that on seen ones; its curvature on seen samples says "
            "little about the next ones."
        )


VOID = (_chance, _exceeded)
WEAKER = (_no_gain, _fresh, _quadratic, _minimum, _memory)
