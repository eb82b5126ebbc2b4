"""Landscape stability, expected gain and chance level, joined to one answer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sufficient.results import GainForecast

__all__ = ["VERDICTS", "cautious_gain", "join_verdict", "score_above_chance"]

VERDICTS = (
    "has not learnt",
    "not stable yet",
    "stable, still improving",
    "sufficient",
)
CAUTION, LEFT_OF_GAP = 0.4, 0.25


def join_verdict(
    *, converged: bool, gain: GainForecast, min_gain: float, score_above_chance: float
) -> str:
    """Join landscape stability, expected gain and chance level to one answer.

    Parameters
    ----------
    converged : bool
        Whether Delta stays below the tolerance.
    gain : GainForecast
        What doubling the data should add.
    min_gain : float
        Gain, in score points, that is worth more data.
    score_above_chance : float
        Validation score less that of a constant answer and three standard errors.

    Returns
    -------
    str
        One of `VERDICTS`.
    """
    if not score_above_chance > 0:
        return VERDICTS[0]
    if not converged:
        return VERDICTS[1]
    return VERDICTS[3] if cautious_gain(gain) < min_gain else VERDICTS[2]


def cautious_gain(gain):
    """Forecast and margin, or what the gap leaves, whichever is larger."""
    margin = gain.expected + CAUTION * gain.std_err
    return float(np.maximum(margin, LEFT_OF_GAP * gain.generalization_gap))


def score_above_chance(last: Mapping[str, float]) -> float:
    """How far the score at a size is clearly above that of a constant answer.

    Parameters
    ----------
    last : mapping of str to float
        The columns at that size.

    Returns
    -------
    float
        Less three standard errors.
    """
    margin = 3 * last["validation_score_std_err"]
    return last["validation_score"] - last["chance_score"] - margin
