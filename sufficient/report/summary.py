"""The answer, and what weakens it, in plain sentences."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sufficient.decision.plateau import plateau_of
from sufficient.decision.power_law import LARGEST_FORECAST
from sufficient.report.diagnostics import diagnoses, void_reasons
from sufficient.results import SampleSizeCurve
from sufficient.settings import Settings

__all__ = ["summarise", "warn_of_weaknesses", "weaknesses"]

FAR_FORECAST = 4


def summarise(curve: SampleSizeCurve, settings: Settings) -> str:
    """The whole answer as a few lines of text.

    Parameters
    ----------
    curve : SampleSizeCurve
        What was measured.
    settings : Settings
        How.

    Returns
    -------
    str
    """
    lines = [
        f"Verdict: {curve.verdict}.",
        _landscape(curve, settings),
        _eigenvalues(curve, settings),
        _gain(curve),
        *_uncertified(curve, settings),
        *diagnoses(curve, settings),
        "k* belongs to this data, net and training; a stable landscape does not mean "
        "that the score has stopped rising.",
    ]
    return "\n".join(lines)


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
    found = []
    if not curve.forecast.converged:
        found.append(_unsettled(curve, settings))
    return [*found, *void_reasons(curve, settings), *_uncertified(curve, settings)]


def warn_of_weaknesses(
    curve: SampleSizeCurve, settings: Settings, stacklevel: int = 3
) -> None:
    """Warn of what weakens the answer, as from the caller of a public function."""
    for sentence in weaknesses(curve, settings):
        warnings.warn(sentence, ConvergenceWarning, stacklevel=stacklevel)


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


def _landscape(curve, settings):
    if not curve.forecast.converged:
        return _unsettled(curve, settings)
    low, high = curve.n_samples_needed_interval
    batches = "1 batch" if curve.k_star == 1 else f"{curve.k_star} batches"
    return (
        f"The loss landscape is stable from {curve.n_samples_star:,} training samples "
        f"on (k* = {batches} of {curve.batch_size}; 90 % interval {low:,} to "
        f"{_count(high)}): Delta stays below tol={settings.tol:g}."
    )


def _unsettled(curve, settings):
    return f"{_not_reached(curve, settings)} {_remedy(curve)}"


def _not_reached(curve, settings):
    n, last = _last_size(curve), curve.forecast.smoothed[-1]
    if last < settings.tol and curve.forecast.rate >= 0:
        return (
            f"The bound is below tol={settings.tol:g} at {n:,} samples but rises with "
            "more data, as it does while a net only begins to learn."
        )
    if last < settings.tol:
        return (
            f"The loss landscape is below tol={settings.tol:g} at {n:,} samples, the "
            f"last of {len(curve.forecast.smoothed)} sizes, too few to say it stays so."
        )
    return (
        f"The loss landscape has not settled within {n:,} training samples: the bound "
        f"is {last:.3g}, {last / settings.tol:.3g} times tol={settings.tol:g}."
    )


def _remedy(curve):
    low, high = curve.n_samples_needed_interval
    needed = curve.n_samples_needed
    if needed >= LARGEST_FORECAST:
        return (
            "The bound does not fall with more data, so there is no forecast. Train "
            "longer, lower the learning rate, or check the labels."
        )
    far = needed > FAR_FORECAST * _last_size(curve)
    caution = " (more than fourfold: only an order of magnitude)" if far else ""
    return (
        f"About {needed:,} samples should be needed{caution}, 90 % interval {low:,} to "
        f"{_count(high)}. Label more, raise tol, or take a smaller net."
    )


def _eigenvalues(curve, settings):
    plateau = plateau_of(curve, settings.patience)
    level = f"{100 * plateau.tol:g} %"
    if plateau.reached:
        return (
            f"64 more samples shift the leading eigenvalues by less than {level} from "
            f"{plateau.n_samples:,} samples on (the papers' plateau, at "
            f"{plateau.batch_count} batches; k* is {curve.k_star or 'not reached'})."
        )
    return (
        "64 more samples shift the leading eigenvalues by "
        f"{100 * plateau.forecast.smoothed[-1]:.2g} % at {_last_size(curve):,} "
        f"samples; the papers' plateau, below {level} for good, is not reached."
    )


def _gain(curve):
    gain, n = curve.gain, _last_size(curve)
    low, high = gain.interval
    score = curve.columns["validation_score"][-1]
    if gain.is_unknown:
        return f"The validation score is {score:.3f}."
    return (
        f"The validation score is {score:.3f} at {n:,} samples; doubling them should "
        f"add {gain.expected:+.3f} (90 % interval {low:+.3f} to {high:+.3f}). The last "
        f"doubling added {gain.last_doubling:+.3f}; the training score is "
        f"{gain.generalization_gap:+.3f} above."
    )


def _count(n):
    return f"{n:,}" if n < LARGEST_FORECAST else "no upper limit"


def _last_size(curve):
    return int(curve.columns["train_size"][-1])
