"""Leave the caller's process as it was found: random state, arithmetic, threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits
from torch.nn.attention import SDPBackend, sdpa_kernel

from sufficient.ranks import agreed

__all__ = [
    "available_device",
    "drawn_seed",
    "exact_arithmetic",
    "one_fit_at_a_time",
    "one_thread",
    "seeded",
]


_FITTING = threading.RLock()


def available_device(device: str) -> torch.device:
    """The device of that name, if it is there."""
    try:
        zero = torch.zeros(1, device=device)
        zero.item()  # There are devices without numbers.
        return zero.device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={device!r} is not there ({str(error).splitlines()[0]}). Use "
            "device='cpu', or None to take what is there."
        ) from error


def drawn_seed(random_state) -> int:
    """A seed of what scikit-learn takes as `random_state`, the same on every rank."""
    return int(agreed(check_random_state(random_state).randint(2**31 - 1)))


@contextmanager
def one_fit_at_a_time() -> Iterator[None]:
    """Let fits in threads of one process wait for each other.

    torch's random generators and switches belong to the process: at the same time they
    would draw each other's numbers.
    """
    with _FITTING:
        yield


@contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Run with the generators of `device` at `seed`; restore their state afterwards."""
    device = torch.device(device)
    cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if cuda else []):
        # torch.manual_seed would reseed every device there is.
        torch.random.default_generator.manual_seed(seed)
        if cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """Differentiate as often as needed, in full single precision, without denormals.

    Saturated networks produce float32 denormals, on which processors are up to fifty
    times slower; at 1e-38 they carry no information about curvature. TF32 is switched
    off. Attention uses the kernel that has second derivatives. All is restored.
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
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, in torch and in numpy; restore their numbers afterwards.

    Sums come out the same to the last bit then, however many cores there are.
    """
    before = torch.get_num_threads()
    with threadpool_limits(1):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _precision_switches():
    """What lets single-precision products be computed in less, old or new style."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    try:
        _ = matmul.allow_tf32, cudnn.allow_tf32
    except RuntimeError:
        # The caller uses the newer switches, which do not mix with the older ones.
        return [(part, "fp32_precision", "ieee") for part in (matmul, cudnn.conv)]
    return [(matmul, "allow_tf32", False), (cudnn, "allow_tf32", False)]


def _denormals_are_flushed():
    return bool((torch.tensor(1e-39) * 1.0 == 0).item())
