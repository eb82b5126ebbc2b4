"""Agreement of predictions. Oracles: scikit-learn's kappa, Lin's formula, symmetry."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from sufficient.data.agreement import agreement
from sufficient.data.tasks import Classification, MultiLabel, Regression

NUMBERS = Regression(np.array([3.0, 0.0]), np.array([2.0, 5.0]), flat=False)


def drawn(task):
    rng = np.random.default_rng(0)
    if isinstance(task, Classification):
        return rng.integers(0, task.n_outputs, (2, 50))
    if isinstance(task, MultiLabel):
        return rng.random((2, 50, task.n_outputs))
    return rng.standard_normal((2, 50, 2))


TASKS = {
    "classes": Classification(np.array(["a", "b", "c"])),
    "labels": MultiLabel(4),
    "numbers": NUMBERS,
}


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_is_one_with_oneself_and_the_same_both_ways(task):
    first, second = drawn(task)
    assert agreement(task, first, first) == 1
    assert agreement(task, first, second) == pytest.approx(
        agreement(task, second, first)
    )
    assert abs(agreement(task, first, second)) < 0.3


@pytest.mark.parametrize("name", ["classes", "labels"])
def test_of_labels_is_the_kappa_of_scikit_learn(name):
    task = TASKS[name]
    first, second = drawn(task)
    labels = (task.decode(one).ravel() for one in (first, second))
    assert agreement(task, first, second) == cohen_kappa_score(*labels)


def test_of_numbers_is_the_concordance_of_lin():
    first, second = drawn(NUMBERS)
    second = first + 0.5 * second + 0.3
    apart = first.mean(0) - second.mean(0)
    covariance = ((first - first.mean(0)) * (second - second.mean(0))).mean(0)
    expected = 2 * covariance / (first.var(0) + second.var(0) + apart**2)
    assert agreement(NUMBERS, first, second) == pytest.approx(expected.mean())


def test_of_zero_and_one_as_numbers_is_that_as_classes():
    first, second = np.random.default_rng(0).integers(0, 2, (2, 50))
    numbers = Regression(np.zeros(1), np.ones(1), flat=True)
    assert agreement(numbers, first[:, None], second[:, None]) == pytest.approx(
        cohen_kappa_score(first, second)
    )


def test_of_one_answer_to_all_is_one_with_the_same_and_zero_with_others():
    always, mixed = np.zeros(4, int), np.array([0, 0, 0, 1])
    assert agreement(TASKS["classes"], always, always) == 1
    assert agreement(TASKS["classes"], always, mixed) == 0
