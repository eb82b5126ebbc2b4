"""The question asked of a table of scores, whatever trainer they come from."""

from __future__ import annotations

import json
import warnings
from argparse import Namespace
from typing import Any

import numpy as np
import pandas as pd

from sufficient._version import __version__
from sufficient.decision.forecast_scores import forecast_scores
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.report.numbers import count, gain, interval, percent, share

__all__ = ["answer_from_scores"]


def answer_from_scores(args: Namespace) -> int:
    """Forecast the scores of a table, print the answer, and return the exit code."""
    if args.report:
        raise ValueError("--report shows one fit. Leave it out, or --score.")
    forecast = _forecast(args)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = _answer(forecast, args)
    notes = [str(warning.message) for warning in caught]
    if args.json:
        print(json.dumps({**answer, "warnings": notes, "version": __version__}))
    else:
        print("\n".join([*_sentences(answer), *(f"Warning: {note}" for note in notes)]))
    return 0


def _forecast(args):
    table = pd.read_csv(args.data, sep=None, engine="python")
    asked = [args.n, args.score, *([args.std_err] if args.std_err else [])]
    if missing := [name for name in asked if name not in table]:
        raise ValueError(f"{args.data} has no column {missing}, but {list(table)}.")
    columns = [pd.to_numeric(table[name], errors="coerce") for name in asked]
    if not np.isfinite(columns[1]).any():
        raise ValueError(f"Column {args.score!r} holds no numbers.")
    return forecast_scores(
        *(column.to_numpy(dtype=float) for column in columns[:2]),
        std_err=columns[2].to_numpy(dtype=float) if args.std_err else None,
        n_held_out=args.held_out,
        score_range=tuple(args.score_range),
    )


def _answer(forecast: ScoreForecast, args: Namespace) -> dict[str, Any]:
    expected, limits = forecast.gain()
    found: dict[str, Any] = {
        "n": forecast.n,
        "expected_gain": expected,
        "expected_gain_interval": limits,
        "min_gain": args.min_gain,
        "probability_sufficient": forecast.probability_of_gain_below(args.min_gain),
    }
    if args.target is not None:
        target = _number(args.target[-1])
        found |= {
            "target": target,
            "assurance": args.assurance,
            "samples_for_target": forecast.samples_for(target, args.assurance),
        }
    return found


def _number(text):
    try:
        return float(text)
    except ValueError:
        raise ValueError(
            f"With --score, --target is the score to reach, got {text!r}."
        ) from None


def _sentences(answer):
    low, high = answer["expected_gain_interval"]
    yield (
        f"Twice the data, {count(2 * answer['n'])} samples, should add "
        f"{gain(answer['expected_gain'])} to the score (90 % interval "
        f"{interval(low, high)})."
    )
    yield (
        f"With a probability of {percent(answer['probability_sufficient'])} they add "
        f"less than {share(answer['min_gain'])}."
    )
    if answer.get("samples_for_target") is not None:
        yield (
            f"{count(answer['samples_for_target'])} samples reach "
            f"{share(answer['target'])} with a probability of "
            f"{percent(answer['assurance'])}."
        )
