"""Settings of torch for the arithmetic and for one thread, restored afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from threadpoolctl import threadpool_limits
from torch.nn.attention import SDPBackend, sdpa_kernel

__all__ = [
    "differentiable_recurrence",
    "exact_arithmetic",
    "one_thread",
    "without_autocast",
]

AUTOCAST = ("cpu", "cuda", "mps", "xpu")


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """Compute in full single precision, flush denormals, allow second derivatives.

    Saturated networks produce float32 denormals, on which processors are up to fifty
    times slower. Below 1e-38 they carry no information about curvature, so they are
    set to zero. TF32 is off, and attention uses the kernel that has second
    derivatives. Autocast is off. All switches are restored afterwards.
    """
    flushed = _denormals_are_flushed()
    fast_attention = torch.backends.mha.get_fastpath_enabled()
    with ExitStack() as stack:
        stack.callback(torch.set_flush_denormal, flushed)
        stack.callback(torch.backends.mha.set_fastpath_enabled, fast_attention)
        for backend, name, exact in _precision_switches():
            stack.callback(setattr, backend, name, getattr(backend, name))
            setattr(backend, name, exact)
        torch.set_flush_denormal(True)
        torch.backends.mha.set_fastpath_enabled(False)
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        stack.enter_context(without_autocast())
        yield


@contextmanager
def without_autocast() -> Iterator[None]:
    """Compute in the precision of the tensors, also inside the caller's autocast."""
    with ExitStack() as stack:
        for kind in AUTOCAST:
            stack.enter_context(torch.autocast(kind, enabled=False))
        yield


@contextmanager
def differentiable_recurrence() -> Iterator[None]:
    """Compute LSTM, GRU and RNN without cuDNN and oneDNN.

    Their layers have no second derivatives, and those of cuDNN in eval mode no first.
    """
    kernels: tuple[Any, ...] = (torch.backends.mkldnn, torch.backends.cudnn)
    with ExitStack() as stack:
        for kernel in kernels:
            # Not by `flags`, which sets TF32 as well and warns of that on most CPUs.
            stack.callback(setattr, kernel, "enabled", kernel.enabled)
            kernel.enabled = False
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread in torch and numpy; restore the settings afterwards.

    Sums are then identical to the last bit on any number of cores.
    """
    before = torch.get_num_threads()
    with threadpool_limits(1):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _precision_switches() -> list[tuple[Any, str, Any]]:
    """Settings that allow TF32: backend, attribute and the value for full precision."""
    # `Any`, because the attributes depend on the version of torch.
    matmul: Any = torch.backends.cuda.matmul
    cudnn: Any = torch.backends.cudnn
    try:
        _ = matmul.allow_tf32, cudnn.allow_tf32
    except RuntimeError:
        # The caller uses the newer attributes; torch forbids to mix them with these.
        return [(part, "fp32_precision", "ieee") for part in (matmul, cudnn.conv)]
    return [(matmul, "allow_tf32", False), (cudnn, "allow_tf32", False)]


def _denormals_are_flushed():
    return bool((torch.tensor(1e-39) * 1.0 == 0).item())
