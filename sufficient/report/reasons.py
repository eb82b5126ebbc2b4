"""What makes the answer void or weak, a sentence each with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from sufficient.report.numbers import count, number, percent, share
from sufficient.results import SampleSizeCurve
from sufficient.settings import BOUNDS, Settings
from sufficient.training.strategies import STRATEGIES

__all__ = ["reasons", "void_reasons", "weaknesses"]

FEW_FRESH = 512
FEW_HELD_OUT = 200
FAR_FROM_QUADRATIC = 0.5
LARGE_GRADIENT_STEP = 0.5
NEGATIVE_CURVATURE = 0.1
LATE = 0.5


def weaknesses(curve: SampleSizeCurve, settings: Settings) -> list[str]:
    """Sentences that deserve a warning.

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
    found = [*void_reasons(curve, settings), *_uncertified(curve, settings)]
    return [*found, *_capped(curve, settings)]


def void_reasons(curve: SampleSizeCurve, settings: Settings) -> Iterator[str]:
    """What makes the answer void."""
    yield from _nothing_changes(curve, settings)
    yield from _exceeded(curve, settings)


def reasons(curve: SampleSizeCurve, settings: Settings) -> Iterator[str]:
    """Everything that makes the answer void or weak."""
    yield from void_reasons(curve, settings)
    for reason in WEAKER:
        yield from reason(curve, settings)


def _nothing_changes(curve, settings):
    if not curve.record.last.columns["projected"]:
        yield (
            "nothing changes when a batch is added: around its weights the net gives "
            "the same answer to everything. Scale X, or train longer."
        )


def _exceeded(curve, settings):
    last, bound = curve.record.last.columns, BOUNDS[settings.bound]
    if last["delta"] - 2 * last["delta_std_err"] > last[bound]:
        yield (
            "the real loss changes by more than the curve that is compared with tol, "
            f"{number(last['delta'])} against {number(last[bound])}: it is no bound "
            "here. Use bound='monte_carlo', or a smaller sigma."
        )


def _capped(curve, settings):
    last, gain = curve.record.last.columns, curve.gain_from_training.expected
    if last["training_capped"] and gain >= settings.min_gain / 2:
        yield (
            f"The net was still improving after {count(last['n_steps'])} steps, the "
            "most that are taken. Raise the learning rate, or pass a net that learns "
            "faster."
        )


def _uncertified(curve, settings):
    certified = curve.columns["eigen_certified"]
    if settings.bound == "eigenvalue":
        certified = np.minimum(certified, curve.columns["shifts_certified"])
    uncertified = certified < 1
    if uncertified.any():
        sizes = curve.columns["train_size"][uncertified].astype(int).tolist()
        yield (
            "The leading eigenvalues are not certified to "
            f"eigen_tol={settings.eigen_tol:g} at {sizes} samples; the bounds there "
            "are rough. Raise eigen_tol or lower n_directions."
        )


def _no_forecast(curve, settings):
    if curve.score_forecast is not None:
        return
    if STRATEGIES[settings.training].is_one_net:
        yield (
            "One net was trained on everything, so its scores do not tell what more "
            "data would add."
        )
    else:
        yield (
            "The last score or its standard error is not a number, so there is no "
            "forecast of it. Hold more samples out, or take another scoring."
        )


def _late(curve, settings):
    forecast = curve.score_forecast
    if forecast is not None and forecast.probability_late > LATE:
        yield (
            "The score may have a plateau behind it and rise faster later "
            f"(probability {percent(forecast.probability_late)}), which widens the "
            "forecast."
        )


def _erratic(curve, settings):
    forecast = curve.score_forecast
    if forecast is not None and forecast.outliers:
        sizes = " and ".join(count(n) for n in forecast.outliers)
        yield f"The score at {sizes} samples fits no curve and hardly counts."


def _few_held_out(curve, settings):
    last = curve.record.last.columns
    if last["n_held_out"] < FEW_HELD_OUT:
        yield (
            f"Only {count(last['n_held_out'])} samples are held out, so the score has "
            f"a standard error of {share(last['validation_score_std_err'])}."
        )


def _fresh(curve, settings):
    last, name = curve.record.last.columns, BOUNDS[settings.bound]
    error = last[f"{name}_std_err"] / last[name] if last[name] else np.inf
    if last["n_fresh"] < FEW_FRESH:
        how_large = f"of {percent(error)}" if np.isfinite(error) else "of unknown size"
        yield (
            f"Only {count(last['n_fresh'])} fresh samples stand for the next batch, so "
            f"the change of the loss has a standard error {how_large}."
        )


def _quadratic(curve, settings):
    ratio = curve.record.last.columns["quadratic_ratio"]
    if settings.bound != "monte_carlo" and ratio < FAR_FROM_QUADRATIC:
        times = f"{number(1 / ratio, 2)} times" if ratio else "infinitely"
        yield (
            f"The real loss changes {times} less than its second-order model, which "
            "asks for more data than the definition does; bound='monte_carlo' or "
            "sigma='auto' read the real loss."
        )


def _minimum(curve, settings):
    last, largest = curve.record.last.columns, abs(curve.eigenvalues[-1, 0])
    far = last["gradient_norm"] ** 2 > LARGE_GRADIENT_STEP * abs(
        last["train_loss"] * largest
    )
    if far or last["negative_curvature"] > NEGATIVE_CURVATURE:
        yield (
            "The net is not at a minimum of its training loss, by its gradient or its "
            "negative curvature. The landscape belongs to where it is."
        )


Reason = Callable[[SampleSizeCurve, Settings], Iterator[str]]
WEAKER: tuple[Reason, ...] = (
    _uncertified,
    _no_forecast,
    _late,
    _erratic,
    _few_held_out,
    _fresh,
    _quadratic,
    _minimum,
)
