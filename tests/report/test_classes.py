"""Sentences on classes. Oracle: what is written by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sufficient.decision.class_scores import ClassScores
from sufficient.report.classes import class_lines
from sufficient.report.summary import summarise
from sufficient.results import UNKNOWN_GAIN, Gain
from sufficient.settings import Settings

NAMES = np.array(["cat", "dog", "owl"])


def lines(curve, scores, gains, n_held_out=400, **changes):
    rows = np.array([scores]), np.full((1, 3), n_held_out), np.full((1, 3), 1000)
    given = ClassScores(NAMES, np.array([3000.0]), *rows, **changes)
    given.__dict__["gains"] = tuple(gains)
    return [*class_lines(replace(curve, by_class=given))]


@pytest.fixture
def said(unsettled):
    def of(scores=(0.9, 0.9, 0.9), gains=(UNKNOWN_GAIN,) * 3, **changes):
        return lines(unsettled.curve_, scores, gains, **changes)

    return of


def test_the_class_that_is_clearly_lowest_is_named(said):
    assert said((0.9, 0.6, 0.88)) == [
        "The recall of class dog, 0.600, is the lowest; 400 of its samples are held "
        "out."
    ]


def test_several_labels_have_f1(said):
    (line,) = said((0.9, 0.6, 0.88), score_name="F1", kind="label")
    assert line.startswith("The F1 of label dog")


def test_bins_are_judged_by_their_own_standard_errors(said):
    of_bins = {"score_name": "1 - MSE / variance", "kind": "target bin"}
    scores = 0.9, -0.3, 0.88
    (line,) = said(scores, measured_std_err=np.full((1, 3), 0.1), **of_bins)
    assert line.startswith("The 1 - MSE / variance of target bin dog, -0.300, is the")
    assert not said(scores, measured_std_err=np.full((1, 3), 0.9), **of_bins)


def test_few_held_out_samples_are_told_of(said):
    assert said((0.9, 0.6, 0.88), n_held_out=10) == [
        "The recall of class dog, 0.600, is the lowest, but only 10 of its samples "
        "are held out."
    ]


@pytest.mark.parametrize("n_held_out", [10, 400])
def test_equals_are_not_named(said, n_held_out):
    assert not said((0.9, 0.6, 0.6), n_held_out=n_held_out)


def test_what_is_not_clear_is_not_said(said):
    assert not said((0.9, 0.88, 0.89))
    assert not said((0.9, np.nan, np.nan))


def test_the_class_that_clearly_gains_most_is_named(said):
    small, large = Gain(0.01, (0.0, 0.02)), Gain(0.05, (0.03, 0.08))
    assert said(gains=(small, UNKNOWN_GAIN, large)) == [
        "Twice the data should add most to the recall of class owl, +0.050 (90 % "
        "interval +0.030 to +0.080)."
    ]
    unclear = Gain(0.05, (-0.03, 0.13))
    assert not said(gains=(small, small, unclear))


def test_they_are_part_of_the_detailed_summary(unsettled):
    scores = np.tile(np.r_[0.2, np.full(9, 0.9)], (len(unsettled.train_sizes_), 1))
    by_class = replace(
        unsettled.curve_.by_class, scores=scores, n_held_out=np.full(scores.shape, 99)
    )
    curve, settings = (
        replace(unsettled.curve_, by_class=by_class),
        Settings.of(unsettled),
    )
    sentence = "The recall of class 0, 0.200, is the lowest"
    assert sentence in summarise(curve, settings, detail=True)
    assert sentence not in summarise(curve, settings)
