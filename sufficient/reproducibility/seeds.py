"""Random numbers from one seed; the caller's random state stays as it was."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from sklearn.utils import check_random_state

from sufficient.ranks import agreed
from sufficient.typing import RandomState

__all__ = ["drawn_seed", "one_fit_at_a_time", "seeded"]

_FITTING = threading.RLock()


def drawn_seed(random_state: RandomState) -> int:
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
        torch.default_generator.manual_seed(seed)
        if cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
