"""The question asked of a table of scores, whatever trainer they come from."""

from __future__ import annotations

import json
import warnings
from argparse import Namespace
from typing import Any

import numpy as np
import pandas as pd

from sufficient._version import __version__
from sufficient.command.reading import read_table
from sufficient.command.writing import announce, check_before_the_long_fit, draw
from sufficient.decision.forecast_scores import forecast_scores
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.report.numbers import count, gain, interval, percent, share

__all__ = ["answer_from_scores"]


def answer_from_scores(args: Namespace) -> int:
    """Forecast the scores of a table, print the answer, and return the exit code."""
    for name in ("report", "repeats"):
        if getattr(args, name):
            raise ValueError(f"--{name} is about fits. Leave it out, or --score.")
    check_before_the_long_fit(args)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        given = _given(args)
        forecast = forecast_scores(**given)
        answer = _answer(forecast, args)
        lines = [_picture(given, forecast, answer, args)] if args.plot else []
    notes = list(dict.fromkeys(str(warning.message) for warning in caught))
    if args.json:
        print(json.dumps({**answer, "warnings": notes, "version": __version__}))
    else:
        print("\n".join([*_sentences(answer), *(f"Warning: {note}" for note in notes)]))
    announce(args, lines)
    return 0


def _picture(given, forecast, answer, args):
    # Only now, as without a picture the answer is there at once.
    from sufficient.display import SampleSizeDisplay
    from sufficient.display.measured import with_forecast

    rows = given["n"], given["scores"], given["std_err"]
    display = SampleSizeDisplay(score_name=args.score, **with_forecast(forecast, *rows))
    aim = {"target": answer.get("target"), "assurance": args.assurance}
    return draw(args, display.plot(kind="score", **aim).figure_)


def _given(args):
    """The arguments of `forecast_scores`."""
    table = read_table(args.data)
    asked = {name: getattr(args, name) for name in ("n", "score", "std_err", "seeds")}
    asked = {name: column for name, column in asked.items() if column}
    if missing := [column for column in asked.values() if column not in table]:
        raise ValueError(f"{args.data} has no column {missing}, but {list(table)}.")
    given = {name: _column(table[column]) for name, column in asked.items()}
    if not np.isfinite(given["score"]).any():
        raise ValueError(f"Column {args.score!r} holds no numbers.")
    return {
        "n": given["n"],
        "scores": given["score"],
        "std_err": given.get("std_err"),
        "n_held_out": args.held_out,
        "seeds": table[args.seeds].astype(str) if args.seeds else None,
        "overlap": args.overlap,
        "score_range": tuple(args.score_range),
    }


def _column(column):
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)


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
