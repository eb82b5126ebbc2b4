"""scikit-learn's callbacks. Oracles: its own callbacks, and fits that end earlier."""

from __future__ import annotations

import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from tests.small import small

callback = pytest.importorskip("sklearn.callback")
MORE = {"schedule": [1, 2, 3], "stop": "never"}


class Recorder:
    """Notes every call, and asks to stop after some sizes."""

    def __init__(self, stop_after=99):
        self.calls, self.fitted, self.stop_after = [], [], stop_after

    def setup(self, estimator, context):
        """Before everything."""
        self.calls.append("setup")

    def teardown(self, estimator, context):
        """After everything."""
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        """Before a size, or the fit."""
        self.calls.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        """After a size, or the fit."""
        self.calls.append(f"end {context.task_name}")
        self.fitted.append(fitted_estimator)
        return context.task_id + 1 >= self.stop_after


def test_every_size_is_a_task_with_an_estimator_as_if_fit_had_stopped(digits):
    recorder = Recorder()
    est = small(**MORE).set_callbacks(recorder).fit(*digits)
    size = ["begin size", "end size"]
    fit = ["setup", "begin fit", *(3 * size), "end fit", "teardown"]
    assert recorder.calls == fit
    known = [list(one.train_sizes_) for one in recorder.fitted]
    all_sizes = list(est.train_sizes_)
    assert known == [all_sizes[:1], all_sizes[:2], all_sizes, all_sizes]
    assert_array_equal(recorder.fitted[-1].predict(digits[0]), est.predict(digits[0]))


def test_callbacks_change_no_number(digits):
    plain, watched = (
        est.fit(*digits)
        for est in (small(**MORE), small(**MORE).set_callbacks(Recorder()))
    )
    assert_array_equal(plain.score_curve_, watched.score_curve_)
    assert_array_equal(plain.delta_curve_, watched.delta_curve_)


def test_a_callback_can_end_the_fit_with_an_answer(digits):
    recorder = Recorder(stop_after=2)
    est = small(**MORE).set_callbacks(recorder).fit(*digits)
    assert len(est.train_sizes_) == 2 and est.verdict_
    begun = [call for call in recorder.calls if call.startswith("begin")]
    ended = [call for call in recorder.calls if call.startswith("end")]
    assert len(begun) == len(ended) and recorder.calls[-1] == "teardown"


def test_what_a_kept_run_had_is_no_task(digits, tmp_path):
    small(**MORE, checkpoint=tmp_path).fit(*digits)
    recorder = Recorder()
    again = small(**MORE, checkpoint=tmp_path).set_callbacks(recorder).fit(*digits)
    assert recorder.calls == ["setup", "begin fit", "end fit", "teardown"]
    assert len(again.train_sizes_) == 3


def test_a_fit_that_fails_ends_its_callbacks(digits, monkeypatch):
    def fail(*args):
        raise MemoryError

    monkeypatch.setattr("sufficient.growing.run.Run.begin", fail)
    recorder = Recorder()
    est = small(**MORE).set_callbacks(recorder)
    with pytest.raises(MemoryError):
        est.fit(*digits)
    assert recorder.calls[0] == "setup" and recorder.calls[-1] == "teardown"
    assert not hasattr(est, "curve_") and not hasattr(est, "_callback_fit_ctx")


def test_clones_share_their_callbacks():
    recorder = Recorder()
    est = small().set_callbacks(recorder)
    assert clone(est)._skl_callbacks == [recorder]


def test_an_estimator_equals_only_itself():
    one, other = small(), small()
    assert one == one and one != other and len({one, other, one}) == 2


def test_the_scoring_monitor_of_scikit_learn_follows_the_fit(digits):
    X, y = digits
    monitor = callback.ScoringMonitor(scoring="accuracy")
    est = small(**MORE).set_callbacks(monitor).fit(X, y)
    (log,) = monitor.get_logs(select="all")
    scores = {
        row["task_id"]: row["accuracy"] for row in log.data if row["task_id_path"][1:]
    }
    assert sorted(scores) == [0, 1, 2] and scores[2] == est.score(X, y)
