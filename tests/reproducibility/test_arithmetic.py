"""Exact arithmetic and seeds. Oracle: the settings of the process before."""

from __future__ import annotations

import pytest
import torch

from sufficient.reproducibility.arithmetic import exact_arithmetic
from sufficient.reproducibility.seeds import seeded
from tests.processes import python


@pytest.mark.skipif(
    not hasattr(torch.backends.cuda.matmul, "fp32_precision"),
    reason="this version of torch has only the older switches",
)
def test_torchs_newer_precision_switches_are_respected():
    code = (
        "import torch; torch.backends.cuda.matmul.fp32_precision = 'tf32'\n"
        "from sufficient.reproducibility.arithmetic import exact_arithmetic\n"
        "with exact_arithmetic():\n"
        "    assert torch.backends.cuda.matmul.fp32_precision == 'ieee'\n"
        "assert torch.backends.cuda.matmul.fp32_precision == 'tf32'\n"
    )
    python("-c", code)


def test_kernels_of_recurrent_layers_are_switched_off_without_a_word():
    code = (
        "import torch, warnings; warnings.simplefilter('error')\n"
        "from sufficient.reproducibility.arithmetic import differentiable_recurrence\n"
        "kernels = torch.backends.mkldnn, torch.backends.cudnn\n"
        "with differentiable_recurrence():\n"
        "    assert not any(kernel.enabled for kernel in kernels)\n"
        "assert all(kernel.enabled for kernel in kernels)\n"
    )
    python("-c", code)


def test_isolation_restores_random_state_and_arithmetic():
    state, flushed = torch.get_rng_state(), torch.tensor(1e-39) * 1.0
    precision = torch.get_float32_matmul_precision()
    with seeded(3), exact_arithmetic():
        inside = torch.rand(1)
        assert (torch.tensor(1e-39) * 1.0).item() == 0
    with seeded(3):
        assert torch.rand(1) == inside
    assert torch.equal(state, torch.get_rng_state())
    assert (torch.tensor(1e-39) * 1.0).item() == flushed.item()
    assert torch.get_float32_matmul_precision() == precision
