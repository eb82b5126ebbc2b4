"""Tables of what was said about the score, and what came true."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from .formats import count, percent, points, share, sides
from .measures import (
    calibration,
    coverage_of,
    errors_of,
    not_learnt,
    sufficient,
)
from .work import Fit

__all__ = ["TABLES", "pairs_table"]

KINDS = ("tables", "images", "made")


def gains_table(states: pd.DataFrame) -> pd.DataFrame:
    """Errors of the forecasts of what doubling the data adds to the score."""
    return _errors_table(states, "gain")


def losses_table(states: pd.DataFrame) -> pd.DataFrame:
    """Errors of the forecasts of how far the loss falls."""
    return _errors_table(states, "fall")


def _errors_table(states, what):
    """Mean over all, and over each kind of data; the truth is the mean of the seeds."""
    lines = []
    for name, some in sides(states):
        errors, own = errors_of(some, what, what), errors_of(some, what, f"own_{what}")
        by_kind = {
            kind: errors_of(some[some["kind"] == kind], what, what)["mean"]
            for kind in KINDS
        }
        for rule, row in errors.iterrows():
            lines.append(
                {
                    "pairs": name,
                    "forecast": rule,
                    "mean abs. error": points(row["mean"]),
                    "median": points(row["median"]),
                    "bias": points(row["bias"], "+"),
                    **{kind: points(mean[rule]) for kind, mean in by_kind.items()},
                    "of one seed": points(own["mean"][rule]),
                }
            )
    return pd.DataFrame(lines)


def intervals_table(states: pd.DataFrame) -> pd.DataFrame:
    """Coverage and width of the 90 % interval of the gain."""
    lines = []
    for name, some in sides(states):
        for which, rows in (
            ("all", some),
            ("largest of each pair", some[some["is_largest"]]),
        ):
            typical, own = (coverage_of(rows, truth) for truth in ("gain", "own_gain"))
            lines.append(
                {
                    "pairs": name,
                    "states": f"{which} ({len(rows)})",
                    "covers the mean of the seeds": percent(typical["covers"], 1),
                    "covers the same seed": percent(own["covers"], 1),
                    "mean width": points(typical["width"]),
                }
            )
    return pd.DataFrame(lines)


def verdicts_table(states: pd.DataFrame) -> pd.DataFrame:
    """How often "sufficient" is said, wrong and missing, and the other verdicts."""
    lines = []
    for name, some in sides(states):
        found = sufficient(some)
        more = some["said_verdict"] == "more data helps"
        unsure = (some["said_verdict"] == "cannot tell yet").mean()
        less = more & (some["gain"] < 0.01)
        lines.append(
            {
                "pairs": name,
                "states": len(some),
                "doubling adds < 1": found["true"],
                '"sufficient" wrong': share(found["wrong"], found["said"]),
                "by more than two std. errors": found["clearly_wrong"],
                "said, of all that should": share(found["right"], found["true"]),
                "… of those that had learnt": share(
                    found["right"], found["true_and_learnt"]
                ),
                '"more data helps" wrong': share(int(less.sum()), int(more.sum())),
                '"cannot tell yet"': percent(unsure),
            }
        )
    return pd.DataFrame(lines)


def probability_table(states: pd.DataFrame) -> pd.DataFrame:
    """Whether probabilities come true, in five bins."""
    lines = []
    for name, some in sides(states):
        for bin_, row in calibration(some).iterrows():
            low, high = percent(max(bin_.left, 0)), percent(bin_.right)
            lines.append(
                {
                    "pairs": name,
                    "probability": f"{low} to {high}",
                    "states": int(row["states"]),
                    "mean said": percent(row["said"]),
                    "came true": percent(row["true"]),
                }
            )
    return pd.DataFrame(lines)


def learnt_table(fits: Sequence[Fit]) -> pd.DataFrame:
    """How often "has not learnt" is said, and wrong."""
    lines = []
    for name, some in sides_of(fits):
        found = not_learnt(some)
        lines.append(
            {
                "pairs": name,
                "fits": found["fits"],
                '"has not learnt"': found["said"],
                "wrong": share(found["wrong"], found["fits"]),
                "not said, though below a constant answer": found[
                    "below_constant_unsaid"
                ],
            }
        )
    return pd.DataFrame(lines)


def sides_of(fits: Sequence[Fit]):
    """As `sides`, of fits."""
    frame = pd.DataFrame(
        [{"pair": f.pair.name, "chosen_on": f.pair.chosen_on, "fit": f} for f in fits]
    )
    if len(frame):
        yield from ((name, list(some["fit"])) for name, some in sides(frame))


def pairs_table(fits: Sequence[Fit]) -> pd.DataFrame:
    """Every pair: test scores by size, and what is said at the largest."""
    by_pair: dict[str, list[Fit]] = {}
    for fit in fits:
        by_pair.setdefault(fit.pair.name, []).append(fit)
    rows = [_pair_row(some) for some in by_pair.values()]
    order = {"reported": 0, "chosen": 1}
    return pd.DataFrame(sorted(rows, key=lambda row: order[row["side"]]))


def _pair_row(fits):
    sizes = sorted({fit.n for fit in fits})
    scores = {
        n: pd.Series([f.found["test_scores"][0] for f in fits if f.n == n]).mean()
        for n in sizes
    }
    at_end = [fit for fit in fits if fit.n == sizes[-1]]
    said = pd.Series([fit["verdict"] for fit in at_end]).value_counts()
    first = at_end[0]
    return {
        "pair": first.pair.name,
        "side": "chosen" if first.pair.chosen_on else "reported",
        "kind": first.pair.kind,
        "given": " to ".join(count(n) for n in (sizes[0], sizes[-1])),
        "test score in points": ", ".join(f"{100 * s:.1f}" for s in scores.values()),
        "constant": f"{round(100 * first['constant_score'], 1) + 0.0:.1f}",
        "said at the largest": ", ".join(f"{v} ({n})" for v, n in said.items()),
    }


# Name of a table: what it is made of, and the function that makes it.
TABLES = {
    "pairs": ("fits", pairs_table),
    "gains": ("states", gains_table),
    "losses": ("states", losses_table),
    "intervals": ("states", intervals_table),
    "verdicts": ("states", verdicts_table),
    "probability": ("states", probability_table),
    "learnt": ("fits", learnt_table),
}
