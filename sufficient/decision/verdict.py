"""Is it enough? Forecast of the score, training and chance, joined to one answer."""

from __future__ import annotations

import numpy as np

from sufficient.decision.score_forecast import ScoreForecast
from sufficient.results import Gain

__all__ = [
    "CANNOT_TELL",
    "HAS_NOT_LEARNT",
    "MORE_DATA",
    "SUFFICIENT",
    "TRAIN_LONGER",
    "VERDICTS",
    "limited_by",
    "verdict_of",
]

HAS_NOT_LEARNT = "has not learnt"
TRAIN_LONGER = "train longer first"
CANNOT_TELL = "cannot tell yet"
MORE_DATA = "more data helps"
SUFFICIENT = "sufficient"
VERDICTS = (HAS_NOT_LEARNT, TRAIN_LONGER, CANNOT_TELL, MORE_DATA, SUFFICIENT)
# From this probability on, something is said. Chosen on learning curves of neural nets:
# on those that chose nothing, about one "sufficient" in twelve is wrong.
SURE = 0.7
LEARNT = 2.0


def verdict_of(
    forecast: ScoreForecast | None,
    longer_training: Gain,
    *,
    min_gain: float,
    above_chance: float,
) -> str:
    """The answer in one of five phrases.

    Parameters
    ----------
    forecast : ScoreForecast or None
        Of the validation score; None where there is none.
    longer_training : Gain
        What twice the training steps add to the score.
    min_gain : float
        Gain, in score points, that is worth more data.
    above_chance : float
        By how many standard errors the net is better than a constant answer.

    Returns
    -------
    str
        One of `VERDICTS`.
    """
    if not above_chance > LEARNT:
        return HAS_NOT_LEARNT
    if _matters(longer_training, min_gain) and (
        forecast is None or longer_training.expected >= forecast.gain()[0]
    ):
        return TRAIN_LONGER
    if forecast is None:
        return CANNOT_TELL
    probability = forecast.probability_of_gain_below(min_gain)
    if probability >= SURE:
        return SUFFICIENT
    return MORE_DATA if probability <= 1 - SURE else CANNOT_TELL


def limited_by(
    forecast: ScoreForecast | None,
    longer_training: Gain,
    wider_net: Gain,
    min_gain: float,
) -> str:
    """What holds the score back, in words.

    Parameters
    ----------
    forecast : ScoreForecast or None
        Of the validation score.
    longer_training, wider_net : Gain
        What twice the training steps, and a net twice as wide, add to the score.
    min_gain : float
        Gain, in score points, that counts.

    Returns
    -------
    str
        "data", "training", "net" or some of them; "net, features or labels" where
        nothing that was tried adds as much; or "cannot tell yet".
    """
    if forecast is None:
        return CANNOT_TELL
    probability = forecast.probability_of_gain_below(min_gain)
    limits = {
        "data": probability <= 1 - SURE,
        "training": _matters(longer_training, min_gain),
        "net": _matters(wider_net, min_gain),
    }
    named = [name for name, limits_it in limits.items() if limits_it]
    if named:
        return " and ".join(named)
    return "net, features or labels" if probability >= SURE else CANNOT_TELL


def _matters(gain: Gain, least: float) -> bool:
    """Whether a gain is large enough to count, and clearly above zero."""
    known = np.isfinite(gain.expected)
    return bool(known and gain.expected >= least and gain.interval[0] > 0)
