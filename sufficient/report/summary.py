"""The answer in five lines, and on request in full."""

from __future__ import annotations

import warnings

from sklearn.exceptions import ConvergenceWarning

from sufficient.decision import verdict as verdicts
from sufficient.report.agreement import agreement_lines
from sufficient.report.detail import details
from sufficient.report.landscape import landscape_line
from sufficient.report.numbers import count, gain, interval, percent, share
from sufficient.report.reasons import void_reasons, weaknesses
from sufficient.results import SampleSizeCurve
from sufficient.settings import Settings

__all__ = ["score_name", "summarise", "warn_of_weaknesses"]

# What sets the number of steps, by `training`.
HOW_TO_TRAIN_LONGER = {
    "converged": "raise the learning rate, or set the net's max_epochs and "
    "training='restart'",
    "restart": "raise the net's max_epochs",
    "full": "raise the net's max_epochs",
    "update": "raise update_epochs",
}


def summarise(
    curve: SampleSizeCurve,
    settings: Settings,
    *,
    detail: bool = False,
    in_session: bool = False,
) -> str:
    """The answer as lines of text: verdict, score, training, landscape, what to do.

    Parameters
    ----------
    curve : SampleSizeCurve
        What was measured.
    settings : Settings
        How.
    detail : bool, default=False
        Whether to add how it was measured, and all that weakens it.
    in_session : bool, default=False
        Whether to add how far the last nets agree, which tells when to stop labelling.

    Returns
    -------
    str
    """
    lines = [
        f"Verdict: {curve.verdict}. {_because(curve, settings)}",
        _score(curve, settings),
        _training(curve, settings),
        landscape_line(curve, settings),
        _advice(curve, settings),
    ]
    if in_session or detail:
        lines += agreement_lines(curve)
    if detail:
        lines += details(curve, settings)
    return "\n".join(lines)


def warn_of_weaknesses(
    curve: SampleSizeCurve, settings: Settings, stacklevel: int = 3
) -> None:
    """Warn of what weakens the answer, as from the caller of a public function."""
    for sentence in weaknesses(curve, settings):
        warnings.warn(sentence, ConvergenceWarning, stacklevel=stacklevel)


def score_name(curve: SampleSizeCurve) -> str:
    """What the score is called."""
    scoring = curve.settings.scoring
    if isinstance(scoring, str):
        return scoring.replace("_", " ")
    if scoring is not None:
        return getattr(scoring, "__name__", "score")
    return "R²" if curve.task.is_regression else "accuracy"


def _because(curve, settings):
    last, name = curve.record.last.columns, score_name(curve)
    if curve.verdict == verdicts.HAS_NOT_LEARNT:
        return (
            f"The {name}, {share(last['validation_score'])}, is not clearly better "
            f"than that of a constant answer, {share(last['chance_score'])}."
        )
    if curve.verdict == verdicts.TRAIN_LONGER:
        expected, (low, high) = curve.gain_from_training
        return (
            f"Twice the training steps add {gain(expected)} to the {name} "
            f"({interval(low, high)}), at least as much as twice the data should."
        )
    if curve.score_forecast is None:
        return "There is no forecast of the score."
    probability = curve.score_forecast.probability_of_gain_below(settings.min_gain)
    return (
        f"With a probability of {percent(probability)}, doubling the data adds less "
        f"than {share(settings.min_gain)} to the {name}."
    )


def _score(curve, settings):
    last, name = curve.record.last.columns, score_name(curve)
    n, error = int(last["train_size"]), last["validation_score_std_err"]
    used = f"{count(n)} of {count(curve.n_train)}" if n < curve.n_train else count(n)
    text = (
        f"Score: {name} {share(last['validation_score'])} (standard error "
        f"{share(error)}) after training on {used} samples"
    )
    if curve.score_forecast is None:
        return f"{text}."
    expected, (low, high) = curve.gain_from_data
    return (
        f"{text}; twice as many should add {gain(expected)} (90 % interval "
        f"{interval(low, high)})."
    )


def _training(curve, settings):
    expected, (low, high) = curve.gain_from_training
    steps = count(curve.record.last.columns["n_steps"])
    text = f"Training: {steps} steps"
    if expected == low == high == 0:
        text += "; twice as many find no better weights"
    elif expected == expected:
        text += f"; twice as many add {gain(expected)} ({interval(low, high)})"
    if curve.gain_from_width.expected == curve.gain_from_width.expected:
        expected, (low, high) = curve.gain_from_width
        text += f", a net twice as wide {gain(expected)} ({interval(low, high)})"
    return f"{text}. The score is limited by: {curve.limited_by}."


def _advice(curve, settings):
    void = next(iter(void_reasons(curve, settings)), None)
    if void is not None:
        return f"Take care: {void}"
    return f"What to do: {_what_to_do(curve, settings)}"


def _what_to_do(curve, settings):
    advice = {
        verdicts.HAS_NOT_LEARNT: (
            "look at the net before the data. Check the labels, the scale of X and the "
            "learning rate; with rare classes ask for another score, such as "
            "scoring='roc_auc' or 'average_precision'."
        ),
        verdicts.TRAIN_LONGER: (
            f"train longer, then ask again: {HOW_TO_TRAIN_LONGER[settings.training]}."
        ),
        verdicts.SUFFICIENT: (
            "no more data of this kind. For a better score, look for another net, "
            "better features or cleaner labels."
        ),
        verdicts.MORE_DATA: "collect more data.",
        verdicts.CANNOT_TELL: _what_would_tell(curve),
    }
    return advice[curve.verdict]


def _what_would_tell(curve):
    last = curve.record.last.columns
    if curve.score_forecast is None:
        return "use a score that is a number for the held-out samples."
    if len(curve.record) < 4:
        return "label more, so that the curve has at least four sizes."
    _, (low, high) = curve.gain_from_data
    if last["validation_score_std_err"] > (high - low) / 4:
        return (
            "hold more samples out (validation_fraction), or average over seeds with "
            "repeat_sample_size: the score is too noisy to tell."
        )
    return "average over seeds with repeat_sample_size, or label more and ask again."
