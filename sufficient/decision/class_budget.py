"""How many samples of each class to label next."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from sufficient.decision.class_scores import ClassScores
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.decision.targets import FORECAST_REACH

__all__ = ["samples_by_class"]

# A budget is given out in about so many parts.
N_PARTS = 100


def samples_by_class(by_class: ClassScores, n_samples: int) -> dict[Any, int]:
    r"""Share out a number of samples to label by what each class should gain.

    With n samples of a class at hand, m more are taken to raise its score as its
    forecast says for :math:`1 + m / n` times the data. The next samples always go to
    the class whose mean score they should raise most, so that the sum of the scores of
    all classes grows as fast as it can.

    Parameters
    ----------
    by_class : ClassScores
        Scores and samples of each class.
    n_samples : int
        Samples to label, at least 1.

    Returns
    -------
    dict of label to int
        First the class for which one more sample is worth most. A class gets at most
        three times its samples at hand, as its forecast carries no further, and none
        where no gain is expected.

    Raises
    ------
    ValueError
        If `n_samples` is not a whole number of at least 1, or no class has a forecast.

    Warns
    -----
    UserWarning
        If no held-out sample has a class, so that nothing is known of it.
    """
    _check_whole(n_samples)
    curves = [*_curves(by_class)]
    if not curves:
        raise ValueError("No held-out sample has a class, so there is no forecast.")
    known = {curve.label for curve in curves}
    unknown = [label for label in by_class.classes.tolist() if label not in known]
    if unknown:
        warnings.warn(_without_forecast(unknown), stacklevel=3)
    curves.sort(key=lambda curve: curve.gain_per_sample(1), reverse=True)
    _share_out(curves, int(n_samples))
    return {curve.label: curve.taken for curve in curves} | dict.fromkeys(unknown, 0)


def _check_whole(n_samples):
    if not (n_samples >= 1 and n_samples % 1 == 0):
        raise ValueError(
            f"n_samples has to be a whole number of at least 1, got {n_samples!r}."
        )


def _curves(by_class):
    rows = by_class.classes.tolist(), by_class.forecasts, by_class.n_train[-1]
    for label, forecast, n_train in zip(*rows, strict=True):
        if forecast is not None:
            yield _ClassCurve(label, forecast, n_train)


class _ClassCurve:
    """Gain of one class from its own samples, of which some have been given to it."""

    def __init__(self, label: Any, forecast: ScoreForecast, n_train: int) -> None:
        self.label, self.forecast = label, forecast
        # The mean and not the median: a rare class may either gain much or not at all.
        self._mean = forecast.draws.mean(axis=0)
        # A class without training samples is treated as if it had one.
        self.n_train, self.taken = max(int(n_train), 1), 0

    @property
    def left(self) -> int:
        """Samples it may still be given."""
        return int((FORECAST_REACH - 1) * self.n_train) - self.taken

    def gain_per_sample(self, n: int) -> float:
        """From n more, or from those it may be given; 0 where that is none."""
        n = min(n, self.left)
        if n < 1:
            return 0.0
        before, after = (self._score(self.taken + more) for more in (0, n))
        return (after - before) / n

    def _score(self, n):
        doublings = np.log2(1 + n / self.n_train)
        return float(np.interp(doublings, self.forecast.doublings, self._mean))


def _share_out(curves: list[_ClassCurve], n_samples: int) -> None:
    part = -(-n_samples // N_PARTS)
    worth = np.array([curve.gain_per_sample(part) for curve in curves])
    while n_samples > 0 and worth.max() > 0:
        i = int(worth.argmax())
        given = min(part, n_samples, curves[i].left)
        curves[i].taken += given
        n_samples -= given
        worth[i] = curves[i].gain_per_sample(part)


def _without_forecast(labels: list[Any]) -> str:
    named = ", ".join(map(str, labels[:5])) + (", ..." if len(labels) > 5 else "")
    return (
        f"The classes without a held-out sample ({named}) get none, as nothing is "
        "known of what more samples would add. Label a few of each, and ask again."
    )
