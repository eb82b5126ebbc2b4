"""Ctrl-C at random moments of a fit. Oracle: the fit that nobody interrupts."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
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
from sufficient.nets import default_net
from tests.places import ROOT

X, Y = load_digits_images(n_samples=160)
GIVEN = {
    "n_directions": 2,
    "n_monte_carlo": 8,
    "schedule": [1, 2, 3, 4],
    "update_epochs": 5,
    "tol": 1e-9,
    "random_state": 0,
}
SAME = ["delta", "projected", "eigenvalue", "train_loss", "validation_score"]


def net():
    return default_net("mlp", module__hidden_sizes=(8,), lr=0.01)


def state_of_the_process():
    """What a caller would miss if it were left changed."""
    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": np.random.get_state()[1].tolist(),
        "python": random.getstate(),
        "threads": torch.get_num_threads(),
        "running": threading.active_count(),
        "denormals": float(torch.tensor(1e-39) * 1.0) > 0,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "gradients": torch.is_grad_enabled(),
        "attention": torch.backends.mha.get_fastpath_enabled(),
        "kernels": [
            torch.backends.cuda.flash_sdp_enabled(),
            torch.backends.cuda.math_sdp_enabled(),
            torch.backends.cuda.mem_efficient_sdp_enabled(),
        ],
        "precision": torch.get_float32_matmul_precision(),
        "tf32": torch.backends.cuda.matmul.allow_tf32,
        "filters": list(warnings.filters),
    }


def uninterrupted():
    """Columns of the whole fit, and what its net predicts at every size."""
    predicted = []
    for curve in iterate_sample_size_curve(net(), X, Y, **GIVEN):
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
    est = SampleSizeEstimator(net(), **GIVEN)
    before = state_of_the_process()
    interrupted = stopped(lambda: est.fit(X, Y))
    assert state_of_the_process() == before
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
    before = state_of_the_process()
    interrupted = stopped(lambda: repeat_sample_size(net(), X, Y, n_repeats=2, **GIVEN))
    assert state_of_the_process() == before
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
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        # More threads than one do not survive a fork.
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [eval(line) for line in done.stdout.splitlines()]
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
    est = SampleSizeEstimator(net(), **GIVEN)
    with pytest.raises(KeyboardInterrupt):
        est.fit(X, Y)
    monkeypatch.undo()
    columns, predicted = uninterrupted()
    assert_array_equal(est.batch_counts_, [1, 2])
    assert_array_equal(est.curves_["delta"], columns["delta"][:2])
    assert_array_equal(est.predict(X), predicted[1])
    assert est.curve_.eigenvectors is not None
