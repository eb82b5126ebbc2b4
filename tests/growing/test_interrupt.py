"""Ctrl-C at random moments of a fit. Oracle: the fit that nobody interrupts."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import warnings

import pytest
import torch
from numpy.testing import assert_array_equal

from sufficient import (
    SampleSizeEstimator,
    iterate_sample_size_curve,
    repeat_sample_size,
)
from sufficient.datasets import load_digits_images
from sufficient.growing.run import Run
from tests.processes import forking
from tests.same import state_of_the_process
from tests.small import SEEDED, small_net

X, Y = load_digits_images(n_samples=160)
GIVEN = {**SEEDED, "schedule": [1, 2, 3, 4], "update_epochs": 5, "tol": 1e-9}
SAME = ["delta", "projected", "eigenvalue", "train_loss", "validation_score"]


def everything():
    """What a caller would miss, and threads and filters that may be left behind."""
    filters, running = list(warnings.filters), threading.active_count()
    return {**state_of_the_process(), "filters": filters, "running": running}


def uninterrupted():
    """Columns of the whole fit, and what its net predicts at every size."""
    predicted = []
    for curve in iterate_sample_size_curve(small_net(8), X, Y, **GIVEN):
        predicted.append(curve.net.predict(X))
    return curve.columns, predicted


def stopped(function):
    """Whether Ctrl-C came before the function was done."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        function()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return True
    return False


def fit_and_look(whole):
    """Fit until Ctrl-C comes, and look whether anything is out of order."""
    columns, predicted = whole
    est = SampleSizeEstimator(small_net(8), **GIVEN)
    before = everything()
    interrupted = stopped(lambda: est.fit(X, Y))
    assert everything() == before
    if not hasattr(est, "curve_"):
        assert not [name for name in vars(est) if name.endswith("_")]
        return interrupted, 0
    size = len(est.batch_counts_)
    for name in SAME:
        assert_array_equal(est.curves_[name], columns[name][:size], err_msg=name)
    assert_array_equal(est.predict(X), predicted[size - 1])
    assert est.verdict_ in est.summary()
    assert est.curve_.eigenvectors is not None
    return interrupted, size


def repeat_and_look():
    """The same for several seeds, which compute on one thread."""
    torch.set_num_threads(2)
    before = everything()
    interrupted = stopped(
        lambda: repeat_sample_size(small_net(8), X, Y, n_repeats=2, **GIVEN)
    )
    assert everything() == before
    return interrupted, 0


def in_a_child(function, delay):
    """What the function, or its error, comes to in a fork that gets a SIGINT."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            answer = repr(function())
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode()[:4000])
        os._exit(0)
    time.sleep(delay)
    os.kill(pid, signal.SIGINT)
    os.waitpid(pid, 0)
    os.close(writing)
    with open(reading) as file:
        return file.read()


def press_often(n, seed):
    """Print what became of n fits, each with a Ctrl-C at a random moment."""
    warnings.simplefilter("ignore")
    uninterrupted()  # So that every fork has imported what it needs.
    start = time.perf_counter()
    whole = uninterrupted()
    seconds = time.perf_counter() - start
    rng = random.Random(seed)
    for i in range(n):
        repeats = i % 5 == 4
        look = repeat_and_look if repeats else lambda: fit_and_look(whole)
        print(in_a_child(look, rng.uniform(0, (1 + repeats) * seconds)), flush=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGINT")
@pytest.mark.parametrize(
    ("n", "seed"),
    [(3, 0), *(pytest.param(20, s, marks=pytest.mark.slow) for s in range(1, 4))],
)
def test_ctrl_c_leaves_what_was_measured_and_nothing_else(n, seed):
    code = (
        "from tests.growing.test_interrupt import press_often; "
        f"press_often({n}, {seed})"
    )
    answers = [eval(line) for line in forking(code, timeout=900).splitlines()]
    assert len(answers) == n
    assert any(interrupted for interrupted, _ in answers), answers


def test_a_measurement_and_its_weights_are_taken_in_at_once(monkeypatch):
    """Ctrl-C after the measurement, before it is kept: the size before it stands."""
    weights, calls = Run._weights, []

    def interrupted(run):
        calls.append(run)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return weights(run)

    monkeypatch.setattr(Run, "_weights", interrupted)
    est = SampleSizeEstimator(small_net(8), **GIVEN)
    with pytest.raises(KeyboardInterrupt):
        est.fit(X, Y)
    monkeypatch.undo()
    columns, predicted = uninterrupted()
    assert_array_equal(est.batch_counts_, [1, 2])
    assert_array_equal(est.curves_["delta"], columns["delta"][:2])
    assert_array_equal(est.predict(X), predicted[1])
    assert est.curve_.eigenvectors is not None
