"""What cannot be forecast is refused in a sentence that says what to do."""

from __future__ import annotations

import numpy as np
import pytest

from sufficient import forecast_scores

N = [100, 200, 400, 800]
SCORES = [0.7, 0.75, 0.8, 0.83]
NAN = float("nan")

REFUSED = {
    "lengths that differ": (N[:3], SCORES, {}, "lists of the same length"),
    "a table of other sizes": (N[:3], [SCORES] * 4, {}, "a row for each of n"),
    "a size of zero": ([0, 200, 400, 800], SCORES, {}, "n has to be positive"),
    "a size that is missing": (
        [NAN, 200, 400, 800],
        SCORES,
        {},
        "none of them missing",
    ),
    "no score at all": (N, [NAN] * 4, {}, "at least one size with a finite score"),
    "percents": (N, [70, 75, 80, 83], {}, r"look like percents.*\(0, 100\)"),
    "percents and shares": (N, [0.7, 0.75, 80, 83], {}, "use one unit for all"),
    "shares as percents": (N, SCORES, {"score_range": (0, 100)}, "look like shares"),
    "a loss": (N, [-0.9, -0.8, -0.7, -0.6], {}, "a loss enters as a negative score"),
    "two metrics": (N, [0.7, 0.8, -0.4, -0.3], {}, "have to be of one metric"),
    "a loss above zero": (
        N,
        [0.9, 0.8, 0.7, 0.6],
        {"score_range": (-np.inf, 0)},
        "outside score_range=.-inf, 0",
    ),
    "no best score": (N, SCORES, {"score_range": (0, np.inf)}, "finite best score"),
    "a range upside down": (N, SCORES, {"score_range": (1, 0)}, "worst, best"),
    "negative errors": (N, SCORES, {"std_err": -0.1}, "std_err has to be zero or more"),
    "errors of other sizes": (N, SCORES, {"std_err": [0.1] * 3}, "as long as n"),
    "no held-out sample": (N, SCORES, {"n_held_out": 0}, "at least 1, got 0"),
    "a correlation of 2": (N, SCORES, {"correlation": 2}, "between -1 and 1"),
    "an overlap of 2": (N, SCORES, {"overlap": 2}, "overlap is a share"),
    "seeds of other sizes": (N, SCORES, {"seeds": [1, 2]}, "seeds has to be as long"),
    "a seed twice": (
        [100, 100, 200, 400],
        SCORES,
        {"seeds": ["a", "a", "a", "b"]},
        "Two scores have n=100 and the seed a",
    ),
    "a table with seeds": (N, [SCORES[:2]] * 4, {"seeds": [0, 1]}, "leave seeds out"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused(what):
    n, scores, given, words = REFUSED[what]
    with pytest.raises(ValueError, match=words):
        forecast_scores(n, scores, **given)


@pytest.mark.parametrize(("n", "words"), [(1, "1 .*size "), (2, "2 .*sizes ")])
def test_few_sizes_are_a_warning_where_they_were_given(n, words):
    with pytest.warns(UserWarning, match=f"Scores at {words}.*3 sizes or more") as told:
        forecast_scores(N[:n], SCORES[:n])
    assert told[0].filename == __file__


@pytest.mark.parametrize(
    ("question", "arguments", "words"),
    [
        ("samples_for", (95,), "percentage"),
        ("samples_for", (NAN,), "outside the range"),
        ("samples_for", (0.9, 80), "assurance has to lie"),
        ("probability_of_reaching", (1.5, 100), "outside the range"),
        ("probability_of_reaching", (0.9, -1), "positive number of samples"),
        ("score_at", (0,), "positive number of samples"),
        ("score_at", (NAN,), "positive number of samples"),
        ("gain_from", (-1,), "n_more has to be zero or more"),
        ("gain_from", (NAN,), "n_more has to be zero or more"),
        ("gain", (0,), "factor has to be a positive number"),
        ("next_batch", (95,), "percentage"),
    ],
)
def test_questions_that_cannot_be_answered(question, arguments, words):
    forecast = forecast_scores(N, SCORES)
    with pytest.raises(ValueError, match=words):
        getattr(forecast, question)(*arguments)


@pytest.mark.parametrize(
    "cost", ["cost_per_sample", "cost_of_round", "value_of_target"]
)
@pytest.mark.parametrize("value", [-1, NAN])
def test_costs_that_cannot_be(cost, value):
    with pytest.raises(ValueError, match="Costs have to be zero or more"):
        forecast_scores(N, SCORES).next_batch(0.85, **{cost: value})
