"""Random numbers from one seed, without changing the caller's random state."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext

import torch
from sklearn.utils import check_random_state

from sufficient.ranks import broadcast
from sufficient.reproducibility.arithmetic import without_autocast
from sufficient.reproducibility.devices import module_of
from sufficient.typing import RandomState

__all__ = ["drawn_seed", "one_fit_at_a_time", "seeded"]

_FITTING = threading.RLock()


def drawn_seed(random_state: RandomState) -> int:
    """A seed drawn from a scikit-learn `random_state`, the same on every rank."""
    return int(broadcast(check_random_state(random_state).randint(2**31 - 1)))


@contextmanager
def one_fit_at_a_time() -> Iterator[None]:
    """Let only one thread of this process fit at a time; others wait.

    The random generators and settings of torch belong to the process, so two fits at
    the same time would draw from the same generator. Autocast is off.
    """
    with _FITTING, without_autocast():
        yield


@contextmanager
def seeded(seed: int, device: torch.device | str = "cpu") -> Iterator[None]:
    """Seed the generators of the CPU and `device`; restore their state afterwards."""
    device = torch.device(device)
    with torch.random.fork_rng(devices=[]), ExitStack() as stack:
        # torch.manual_seed would also seed the devices that are not restored.
        torch.default_generator.manual_seed(seed)
        if hasattr(module_of(device), "get_rng_state"):
            stack.enter_context(_seeded_device(seed, device))
        yield


@contextmanager
def _seeded_device(seed, device):
    module = module_of(device)
    # There is never more than one device of the kind "mps".
    with nullcontext() if device.type == "mps" else module.device(device):
        before = module.get_rng_state()
        module.manual_seed(seed)
        try:
            yield
        finally:
            module.set_rng_state(before)
