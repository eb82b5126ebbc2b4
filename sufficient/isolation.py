"""Leave the caller's process as it was found: random state and floating-point mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["exact_arithmetic", "seeded"]


@contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Run with torch's generators at `seed`; restore the caller's state afterwards."""
    device = torch.device(device)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """Flush denormals and switch TF32 off; restore both afterwards.

    Saturated networks produce float32 denormals, on which processors are up to fifty
    times slower; at 1e-38 they carry no information about curvature.
    """
    flushed = _denormals_are_flushed()
    precision = torch.get_float32_matmul_precision()
    convolutions = torch.backends.cudnn.allow_tf32
    torch.set_flush_denormal(True)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)
        torch.set_float32_matmul_precision(precision)
        torch.backends.cudnn.allow_tf32 = convolutions


def _denormals_are_flushed():
    return bool((torch.tensor(1e-39) * 1.0 == 0).item())
