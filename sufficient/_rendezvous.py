"""Where the ranks meet, and which of them are missing."""

from __future__ import annotations

import atexit
import itertools
import os
from datetime import timedelta
from typing import Any

import torch
from torch import distributed as dist

__all__ = ["LostRankError", "RollCall", "meet"]

# `Any`, because torch does not name its stores to type checkers.
c10d: Any = dist
# Every rank meets the others as often as they meet it.
_MEETINGS = itertools.count()


class LostRankError(RuntimeError):
    """Another rank has ended, or did not reach the same step in time."""


class RollCall:
    """A store in which the ranks say that they are there.

    Parameters
    ----------
    store : Store
        Shared by all ranks.
    rank, size : int
        Number of this process, and of processes.
    timeout : float
        Seconds that one process waits for the others, for the message.
    """

    def __init__(self, store: Any, rank: int, size: int, timeout: float) -> None:
        self.store, self.rank, self.size = store, rank, size
        self.timeout = timeout

    def missing(self, occasion: str, seconds: float) -> list[int]:
        """Say that this rank is there; the ranks that do not within some seconds."""
        keys = [f"{occasion}/{rank}" for rank in range(self.size)]
        try:
            self.store.set(keys[self.rank], "here")
            self.store.wait(keys, timedelta(seconds=seconds))
        except RuntimeError:
            return self._without(keys)
        return []

    def error_at(self, occasion: str, seconds: float, reason: str) -> LostRankError:
        """The error that names the ranks that do not say that they are there."""
        return self.lost(self.missing(occasion, seconds), reason)

    def lost(self, missing: list[int], reason: str) -> LostRankError:
        """The error that names the ranks that are missing."""
        names = " and ".join(f"rank {rank}" for rank in missing) or "another rank"
        return LostRankError(
            f"Rank {self.rank} of {self.size} lost {names}, which has ended or kept it "
            f"waiting longer than {self.timeout:g} seconds. The cause is the first "
            "error in the output of that rank. If it is only slow, raise timeout in "
            f"over_ranks, or --timeout. ({reason.splitlines()[0]})"
        )

    def _without(self, keys):
        try:
            return [
                rank for rank, key in enumerate(keys) if not self.store.check([key])
            ]
        except RuntimeError:
            return [0]  # The store has ended with the process that holds it.


def meet(timeout: float) -> tuple[dist.ProcessGroup, RollCall]:
    """Wait for all ranks; a group of their own, and what tells who is missing.

    Raises
    ------
    LostRankError
        If not all have come within `timeout` seconds.
    """
    is_known = dist.is_initialized()
    here = _known(timeout) if is_known else _launched(timeout)
    here.store = c10d.PrefixStore(f"over_ranks/{next(_MEETINGS)}", here.store)
    if missing := here.missing("came", timeout):
        raise here.lost(missing, "It did not enter over_ranks.")
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    how = {"backend": backend, "timeout": timedelta(seconds=timeout)}
    if not is_known:
        # Kept until the process ends: a second one would find the keys of the first.
        c10d.init_process_group(
            store=here.store, rank=here.rank, world_size=here.size, **how
        )
        atexit.register(_leave)
    # A group of the caller may support only one device, and has its own timeout.
    return c10d.new_group(**how), here


def _known(timeout: float) -> RollCall:
    store = c10d.distributed_c10d._get_default_store()
    return RollCall(store, dist.get_rank(), dist.get_world_size(), timeout)


def _launched(timeout: float) -> RollCall:
    """By the environment; the store is held by rank 0, or by torchrun.

    Unlike `init_process_group`, this does not wait for ranks that it could not name.
    """
    rank, size = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE"))
    by_torchrun = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    here = RollCall(None, rank, size, timeout)
    try:
        here.store = c10d.TCPStore(
            os.environ["MASTER_ADDR"],
            int(os.environ["MASTER_PORT"]),
            is_master=rank == 0 and not by_torchrun,
            timeout=timedelta(seconds=timeout),
            wait_for_workers=False,
            multi_tenant=True,
        )
    except RuntimeError as error:
        raise here.lost([0], str(error)) from error
    return here


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()
