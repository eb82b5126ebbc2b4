"""Choice of a torch device."""

from __future__ import annotations

import os

import torch

__all__ = ["available_device", "default_device", "memory_of"]


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


def memory_of(device: str = "cpu") -> int:
    """Bytes of memory that the device has; without a limit where nothing tells."""
    if torch.device(device).type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    if not hasattr(os, "sysconf"):
        return 2**63
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
