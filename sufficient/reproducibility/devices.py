"""Choice of a torch device, and its memory."""

from __future__ import annotations

import os
from typing import Any

import torch

__all__ = [
    "OUT_OF_MEMORY",
    "available_device",
    "default_device",
    "free_bytes",
    "memory_of",
    "module_of",
    "release_unused",
]

ACCELERATORS = ("cuda", "mps", "xpu")
OUT_OF_MEMORY = torch.OutOfMemoryError


def available_device(device: str) -> torch.device:
    """The device of that name; ValueError if it cannot be used."""
    try:
        zero = torch.zeros(1, device=device)
        zero.item()  # The meta device holds no data.
        return zero.device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(
            f"device={device!r} is not there ({str(error).splitlines()[0]}). Use "
            "device='cpu', or None to choose a device automatically."
        ) from error


def default_device() -> str:
    """CUDA if it is available, the CPU otherwise."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def memory_of(device: str) -> int:
    """Bytes that a fit may take; without a limit where nothing tells."""
    found = free_bytes(torch.device(device))
    if found is not None:
        return found
    if not hasattr(os, "sysconf"):
        return 2**63
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def module_of(device: torch.device) -> Any:
    """The part of torch that speaks with a device, such as `torch.cuda`, or None."""
    return getattr(torch, device.type, None)


def free_bytes(device: torch.device) -> int | None:
    """Memory that a device has left; None where it does not tell, as the CPU.

    Blocks that torch keeps for later use are free.
    """
    module = module_of(device)
    if device.type == "mps":
        return module.recommended_max_memory() - module.current_allocated_memory()
    if not hasattr(module, "mem_get_info"):
        return None
    free, _ = module.mem_get_info(device)
    return free + module.memory_reserved(device) - module.memory_allocated(device)


def release_unused() -> None:
    """Return the blocks that torch keeps for later use to the devices."""
    for kind in ACCELERATORS:
        module = getattr(torch, kind)
        if module.device_count():
            module.empty_cache()
