"""What the loss landscape says, in sentences."""

from __future__ import annotations

from sufficient.decision.plateau import plateau_of
from sufficient.report.numbers import count, number, percent
from sufficient.results import SampleSizeCurve
from sufficient.settings import Settings

__all__ = ["landscape_line", "plateau_line"]

FAR_FORECAST = 4


def landscape_line(curve: SampleSizeCurve, settings: Settings) -> str:
    """From where on one more batch changes the loss by less than the tolerance."""
    if not curve.forecast.converged:
        return f"Landscape: {_unsettled(curve, settings)}"
    low, high = curve.n_samples_needed_interval
    at_most = "at most " if curve.forecast.is_at_most else ""
    batches = "1 batch" if curve.k_star == 1 else f"{curve.k_star} batches"
    return (
        "Landscape: the mean squared change of the loss by one more batch stays below "
        f"tol={settings.tol:g} from {at_most}{count(curve.n_samples_star)} samples on "
        f"(k* = {batches} of {curve.batch_size}; 90 % interval {count(low)} to "
        f"{count(high)})."
    )


def _unsettled(curve: SampleSizeCurve, settings: Settings) -> str:
    """Why the landscape is not called stable, and how many samples it should take."""
    n, last = _last_size(curve), curve.forecast.smoothed[-1]
    below = f"below tol={settings.tol:g} at {count(n)} samples"
    if last < settings.tol and curve.forecast.rate >= 0:
        return (
            f"{below}, but rising with more data, as it does while a net only begins "
            "to learn."
        )
    if last < settings.tol:
        return (
            f"{below}, the last of {len(curve.forecast.smoothed)} sizes: too few to "
            "say that it stays so."
        )
    return (
        f"not stable within {count(n)} samples; the mean squared change of the loss by "
        f"one more batch is {number(last)}, {number(last / settings.tol)} times "
        f"tol={settings.tol:g}. {_needed(curve)}"
    )


def plateau_line(curve: SampleSizeCurve, settings: Settings) -> str:
    """The papers' other criterion, the plateau of the eigenvalues."""
    plateau = plateau_of(curve, settings.patience)
    if plateau.reached and plateau.n_samples is not None:
        return (
            "64 more samples shift the leading eigenvalues by less than "
            f"{percent(plateau.tol)} from {count(plateau.n_samples)} samples on (the "
            f"papers' plateau, at {plateau.batch_count} batches)."
        )
    shift = plateau.forecast.smoothed[-1]
    by = percent(shift) if shift < 10 else "more than tenfold"
    return (
        f"64 more samples shift the leading eigenvalues by {by} at "
        f"{count(_last_size(curve))} samples; the papers' plateau, below "
        f"{percent(plateau.tol)} for good, is not reached."
    )


def _needed(curve):
    low, high = curve.n_samples_needed_interval
    needed, n = curve.n_samples_needed, _last_size(curve)
    if needed is None and curve.forecast.crossing < float("inf"):
        return f"That takes more than 16 times the data, {count(low)} samples or more."
    if needed is None:
        return "It does not fall with more data, so there is no forecast."
    far = " (only an order of magnitude)" if needed > FAR_FORECAST * n else ""
    return (
        f"About {count(needed)} samples should do{far}, 90 % interval {count(low)} to "
        f"{count(high)}."
    )


def _last_size(curve):
    return int(curve.columns["train_size"][-1])
