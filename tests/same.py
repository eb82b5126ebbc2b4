"""Two answers, two nets, or a process before and after: the same to the last bit."""

from __future__ import annotations

import random

import numpy as np
import torch
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal


def assert_same_columns(first, second, apart=()):
    """Two curves as dictionaries, apart from times and from what is named."""
    assert first.keys() == second.keys()
    for name in first.keys() - {"measure_seconds", *apart}:
        assert_array_equal(first[name], second[name], err_msg=name, strict=True)


# Known at the last size only.
AT_THE_END = {f"longer_training_gain{part}" for part in ("", "_std_err")}


def assert_same_curves(first, second, apart=()):
    """The curves of two fitted estimators."""
    assert_same_columns(first.curves_, second.curves_, apart)


def assert_same_weights(first, second):
    """The weights of two initialised nets of skorch."""
    states = (net.module_.state_dict().values() for net in (first, second))
    for one, other in zip(*states, strict=True):
        assert torch.equal(one, other)


def assert_same_table(first, second):
    """Two tables, apart from how long things took."""
    one, other = (table.drop(columns="seconds") for table in (first, second))
    assert_frame_equal(one, other, check_exact=True)


def state_of_the_process():
    """What a caller would miss if it were left changed."""
    numpy_state = np.random.get_state()
    return {
        "torch": torch.get_rng_state().tolist(),
        "numpy": (numpy_state[0], numpy_state[1].tolist(), *numpy_state[2:]),
        "python": random.getstate(),
        "threads": torch.get_num_threads(),
        "dtype": torch.get_default_dtype(),
        "denormals": float(torch.tensor(1e-39) * 1.0),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "gradients": torch.is_grad_enabled(),
        "anomaly": torch.is_anomaly_enabled(),
        "attention": torch.backends.mha.get_fastpath_enabled(),
        "kernels": [
            torch.backends.cuda.flash_sdp_enabled(),
            torch.backends.cuda.math_sdp_enabled(),
            torch.backends.cuda.mem_efficient_sdp_enabled(),
        ],
        "precision": torch.get_float32_matmul_precision(),
        "tf32": torch.backends.cuda.matmul.allow_tf32,
    }
