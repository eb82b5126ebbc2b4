"""Ranks: processes that measure one net together, each with a share of the samples.

Every rank trains the same net and goes through the same steps. Sums over samples are
made of the shares and added up, so that all ranks hold the same numbers. What a rank
computes from those by itself is the same but for rounding; where a rounding could part
them, by the sign of a vector or the end of a loop, the first rank's word is taken.

Outside `over_ranks` there is one rank with all the samples, and nothing is sent.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch import distributed as dist

from sufficient.typing import Rows

__all__ = [
    "LostRankError",
    "Ranks",
    "Share",
    "agreed",
    "by_shares",
    "every_rank_has",
    "first_rank_says",
    "over_ranks",
    "ranks",
]

TIMEOUT = 600.0
LAUNCHED_WITH = {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}
# A message takes the time of some dozens of samples, for a net of any size.
LEAST_SHARE = 64

Value = TypeVar("Value")
Numbers = TypeVar("Numbers", Tensor, np.ndarray, int, float)


class LostRankError(RuntimeError):
    """Another rank has ended, or did not come to the same place in time."""


@dataclass(frozen=True)
class Ranks:
    """The processes that work together, as one of them sees them.

    Attributes
    ----------
    rank : int
        Number of this process.
    size : int
        How many there are.
    timeout : float
        Seconds that one waits for the others.
    group : ProcessGroup or None
        Through which they talk.
    """

    rank: int = 0
    size: int = 1
    timeout: float = TIMEOUT
    group: dist.ProcessGroup | None = None

    @property
    def is_first(self) -> bool:
        """Whether this one speaks and writes for all."""
        return self.rank == 0

    def talk(self, collective: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Call a function of torch.distributed that every rank calls."""
        try:
            collective(*args, group=self.group, **kwargs)
        except RuntimeError as error:
            raise LostRankError(
                f"Rank {self.rank} of {self.size} lost another rank, or waited for it "
                f"longer than {self.timeout:g} seconds. What went wrong there is the "
                "first error in its own output. Where a rank is only slow, raise "
                f"timeout in over_ranks. ({str(error).splitlines()[0]})"
            ) from error


_RANKS: ContextVar[Ranks | None] = ContextVar("ranks", default=None)
_ALONE = Ranks()


def ranks() -> Ranks:
    """The ranks that this process works with; outside `over_ranks` itself alone."""
    return _RANKS.get() or _ALONE


@contextmanager
def over_ranks(timeout: float = TIMEOUT) -> Iterator[Ranks]:
    """Measure one net with all the processes that ``torchrun`` has started.

    Within it every process must make the same fits of the same data in the same order.
    Each trains the whole net; the samples over which curvature is measured are split.
    In a process that was started alone nothing changes.

    Parameters
    ----------
    timeout : float, default=600.0
        Seconds that one rank waits for another before it gives up.

    Yields
    ------
    Ranks
        `rank` and `size`; the rank that `is_first` prints and plots.

    Raises
    ------
    LostRankError
        In all ranks that are left, when one has ended or waits too long.

    Notes
    -----
    Communication is by NCCL for tensors on a graphics card and by gloo for others. The
    process takes the card of the number ``LOCAL_RANK``.

    Examples
    --------
    >>> from sufficient.ranks import over_ranks
    >>> with over_ranks() as ranks:
    ...     print(f"rank {ranks.rank} of {ranks.size}")
    rank 0 of 1
    """
    if not _has_company():
        yield _ALONE
        return
    with ExitStack() as stack:
        local = int(os.environ.get("LOCAL_RANK", 0))
        if local < torch.cuda.device_count():
            stack.enter_context(torch.cuda.device(local))
        group = _own_group(timedelta(seconds=timeout))
        stack.callback(dist.destroy_process_group, group)
        rank, size = dist.get_rank(group), dist.get_world_size(group)
        token = _RANKS.set(Ranks(rank, size, timeout, group))
        stack.callback(_RANKS.reset, token)
        yield ranks()


def _has_company() -> bool:
    if not dist.is_available():
        return False
    launched = os.environ.keys() >= LAUNCHED_WITH and os.environ["WORLD_SIZE"] != "1"
    return dist.is_initialized() or launched


def _own_group(timeout: timedelta) -> dist.ProcessGroup:
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    if not dist.is_initialized():
        # It stays until the process ends: a second one would meet the first one's keys.
        dist.init_process_group(backend, timeout=timeout)
        atexit.register(_leave)
    # The caller's group may know one kind of tensor only, and has another timeout.
    return dist.new_group(backend=backend, timeout=timeout)


def _leave() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


@dataclass(frozen=True)
class Share:
    """The part of n samples that this rank takes.

    Attributes
    ----------
    n : int
        Samples of all ranks together.
    rank, size : int
        Number of this rank among those that take a part. A size of 1 means that every
        rank takes all of them, which needs no message.

    Examples
    --------
    >>> Share(10, rank=2, size=3).rows
    slice(6, 10, None)
    """

    n: int
    rank: int = 0
    size: int = 1

    @classmethod
    def of(cls, n: int) -> Share:
        """The part of n samples for this rank, or all where they are few."""
        here = ranks()
        few = n < here.size * LEAST_SHARE
        return cls(n) if few else cls(n, here.rank, here.size)

    @property
    def rows(self) -> slice:
        """Where the part lies among the samples."""
        first, last = (i * self.n // self.size for i in (self.rank, self.rank + 1))
        return slice(first, last)

    def every(self, step: int) -> tuple[Share, slice]:
        """Share of evenly spaced samples, and where they lie in this part."""
        share = Share(-(-self.n // step), self.rank, self.size)
        return share, slice(-self.rows.start % step, None, step)

    def sum(self, tensor: Tensor) -> Tensor:
        """Sum of what the ranks found for their parts; overwrites the tensor."""
        if self.size > 1:
            tensor = tensor.contiguous()
            ranks().talk(dist.all_reduce, tensor)
        return tensor

    def joined(self, mine: np.ndarray, axis: int = 0) -> np.ndarray:
        """What the ranks found for each of their samples, in order."""
        if self.size == 1:
            return mine
        mine = np.moveaxis(mine, axis, 0)
        every = np.zeros((self.n, *mine.shape[1:]), mine.dtype)
        every[self.rows] = mine
        return np.moveaxis(self.sum(torch.from_numpy(every)).numpy(), 0, axis)


def by_shares(function: Callable[[Any], np.ndarray], X: Rows) -> np.ndarray:
    """An array with one row per sample of X, of which each rank computes its share."""
    share = Share.of(len(X))
    return share.joined(function(X[share.rows]))


def agreed(value: Numbers) -> Numbers:
    """The first rank's number, array or tensor; all have the same shape."""
    if ranks().size == 1:
        return value
    if isinstance(value, Tensor):
        return _sent(value.detach().clone(memory_format=torch.contiguous_format))
    sent = _sent(torch.from_numpy(np.array(value, order="C"))).numpy()
    return sent if isinstance(value, np.ndarray) else sent.item()


def _sent(tensor: Tensor) -> Tensor:
    ranks().talk(dist.broadcast, tensor, src=0)
    return tensor


def first_rank_says(function: Callable[[], Value]) -> Value:
    """What a function gives on the first rank, which alone calls it; so for errors."""
    here = ranks()
    if here.size == 1:
        return function()
    said: list[Any] = [None, None]
    if here.is_first:
        try:
            said[0] = function()
        except Exception as error:  # raised again, on every rank
            said[1] = error
    here.talk(dist.broadcast_object_list, said, src=0)
    if said[1] is not None:
        raise said[1]
    return said[0]


def every_rank_has(value: Value) -> list[Value]:
    """The small values that the ranks have, in order."""
    here = ranks()
    values = [value] * here.size
    if here.size > 1:
        here.talk(dist.all_gather_object, values, value)
    return values
