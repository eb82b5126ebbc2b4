"""Kinds of task. Oracles: y itself, scikit-learn's metrics, the format by hand."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score

from sufficient.data.task import Task
from sufficient.data.tasks import (
    Classification,
    MultiLabel,
    Regression,
    as_task,
    task_state,
)

LABELS = np.array(["b", "a", "b", "c", "b", "a"])
ROWS = np.array([[1, 0], [1, 1], [1, 0], [0, 0], [1, 0], [0, 1]])
NUMBERS = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0])
CASES = {
    "one label": (Classification.of(LABELS), LABELS, 3),
    "several labels": (MultiLabel.of(ROWS), ROWS, 2),
    "numbers": (Regression.of(NUMBERS), NUMBERS, 1),
}


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def test_a_task_that_leaves_something_out_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        Task()


def test_targets_come_back_as_they_were(case):
    task, y, n_outputs = case
    assert task.n_outputs == n_outputs
    decoded = task.decode(task.encode(y))
    assert decoded.shape == y.shape
    if y.dtype.kind == "f":
        np.testing.assert_allclose(decoded, y, rtol=1e-6)
    else:
        np.testing.assert_array_equal(decoded, y)


def test_a_task_is_stored_by_its_fields(case):
    task, y, _ = case
    state = task_state(task)
    assert state["kind"] == type(task).__name__
    np.testing.assert_array_equal(as_task(state).encode(y), task.encode(y))


def test_the_format_of_what_is_stored():
    assert {name: set(task_state(task)) for name, (task, *_) in CASES.items()} == {
        "one label": {"kind", "classes"},
        "several labels": {"kind", "n_outputs", "names"},
        "numbers": {"kind", "mean", "scale", "flat"},
    }


def test_the_constant_answer_is_the_most_frequent_class_or_the_mean():
    for name, metric, score in (
        ("one label", accuracy_score, 0.5),
        ("numbers", r2_score, 0.0),
    ):
        task, y, _ = CASES[name]
        answer = task.constant_answer(y).predict(np.zeros((len(y), 1)))
        assert metric(y, answer) == pytest.approx(score)


def test_the_constant_answer_knows_labels_it_has_not_seen():
    task = Classification.of(LABELS, classes=["a", "b", "c", "d"])
    assert task.constant_answer(LABELS).predict_proba([[0]]).shape == (1, 4)
    assert task.lacks_labels(LABELS)
    assert not CASES["one label"][0].lacks_labels(LABELS)


def test_only_labels_have_classes():
    found = {name: task.fitted_attributes() for name, (task, *_) in CASES.items()}
    np.testing.assert_array_equal(found["one label"]["classes_"], ["a", "b", "c"])
    np.testing.assert_array_equal(found["several labels"]["classes_"], [0, 1])
    assert not found["numbers"]
