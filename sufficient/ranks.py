"""Ranks: processes that measure one net together, each with a share of the samples.

Every rank trains the same net and runs the same steps. A sum over the samples is the
sum of the ranks' partial sums, so all ranks hold the same result. What each rank then
computes from it alone may differ by rounding. Where that could matter, such as for the
sign of a vector or the end of a loop, all ranks use the value of rank 0.

Outside `over_ranks` there is one rank with all the samples, and nothing is sent.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch import distributed as dist

from sufficient._rendezvous import LostRankError, RollCall, meet
from sufficient.typing import Rows

__all__ = [
    "TIMEOUT",
    "LostRankError",
    "Ranks",
    "Share",
    "broadcast",
    "by_shares",
    "from_first_rank",
    "gathered",
    "over_ranks",
    "ranks",
]

TIMEOUT = 60.0
# For which those that remain wait for each other, to see who does not.
GRACE = 5.0
LAUNCHED_WITH = {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}
# One message takes about as long as some dozens of samples, for a net of any size.
LEAST_SHARE = 64

Value = TypeVar("Value")
Numbers = TypeVar("Numbers", Tensor, np.ndarray, int, float)


@dataclass(frozen=True)
class Ranks:
    """The processes that work together, and the place of this process among them.

    Attributes
    ----------
    rank : int
        Number of this process, from 0.
    size : int
        Number of processes.
    timeout : float
        Seconds that one process waits for the others.
    group : ProcessGroup or None
        Process group for communication; None if this process is the only one.
    roll : RollCall or None
        Tells which ranks are missing; None if this process is the only one.
    """

    rank: int = 0
    size: int = 1
    timeout: float = TIMEOUT
    group: dist.ProcessGroup | None = None
    roll: RollCall | None = None

    @property
    def is_first(self) -> bool:
        """Whether this is rank 0, which prints and writes files for all."""
        return self.rank == 0

    def call(self, collective: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Call a collective function of torch.distributed; every rank has to."""
        try:
            collective(*args, group=self.group, **kwargs)
        except RuntimeError as error:
            assert self.roll is not None
            raise self.roll.error_at("gave up", GRACE, str(error)) from error


_RANKS: ContextVar[Ranks | None] = ContextVar("ranks", default=None)
_ALONE = Ranks()


def ranks() -> Ranks:
    """The ranks at work; outside `over_ranks`, this process alone."""
    return _RANKS.get() or _ALONE


@contextmanager
def over_ranks(timeout: float = TIMEOUT) -> Iterator[Ranks]:
    """Measure one net with all the processes that ``torchrun`` has started.

    Inside this context, every process must make the same fits of the same data in the
    same order. Each trains the whole net; the samples over which curvature is measured
    are split between them. In a process that was started alone, nothing changes.

    Parameters
    ----------
    timeout : float, default=60.0
        Seconds that one rank waits for another, at the start and later, before it
        raises `LostRankError`.

    Yields
    ------
    Ranks
        `rank` and `size`; the rank that `is_first` prints and plots.

    Raises
    ------
    LostRankError
        In the remaining ranks, if one has ended, before it came or later, or has kept
        them waiting too long. The message names it.
    ValueError
        If `timeout` is not positive.

    Notes
    -----
    Tensors on a graphics card are sent through NCCL, others through gloo. The process
    uses the graphics card with the number ``LOCAL_RANK``.

    Examples
    --------
    >>> from sufficient.ranks import over_ranks
    >>> with over_ranks() as ranks:
    ...     print(f"rank {ranks.rank} of {ranks.size}")
    rank 0 of 1
    """
    if not timeout > 0:
        raise ValueError(f"timeout must be a positive number of seconds: {timeout}")
    if not _is_distributed():
        yield _ALONE
        return
    with ExitStack() as stack:
        local = int(os.environ.get("LOCAL_RANK", 0))
        if local < torch.cuda.device_count():
            stack.enter_context(torch.cuda.device(local))
        group, roll = meet(timeout)
        stack.callback(dist.destroy_process_group, group)
        token = _RANKS.set(Ranks(roll.rank, roll.size, timeout, group, roll))
        stack.callback(_RANKS.reset, token)
        yield ranks()


def _is_distributed() -> bool:
    if not dist.is_available():
        return False
    launched = os.environ.keys() >= LAUNCHED_WITH and os.environ["WORLD_SIZE"] != "1"
    return dist.is_initialized() or launched


@dataclass(frozen=True)
class Share:
    """The part of n samples that this rank works on.

    Attributes
    ----------
    n : int
        Samples of all ranks together.
    rank, size : int
        Number of this rank, and of ranks between which the samples are split. A size
        of 1 means that every rank works on all samples, which needs no communication.

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
        """The part of n samples for this rank, or all if they are few."""
        here = ranks()
        few = n < here.size * LEAST_SHARE
        return cls(n) if few else cls(n, here.rank, here.size)

    @property
    def rows(self) -> slice:
        """Positions of the part among the n samples."""
        first, last = (i * self.n // self.size for i in (self.rank, self.rank + 1))
        return slice(first, last)

    def every(self, step: int) -> tuple[Share, slice]:
        """The share of every `step`-th sample, and their positions in this part."""
        share = Share(-(-self.n // step), self.rank, self.size)
        return share, slice(-self.rows.start % step, None, step)

    def sum(self, tensor: Tensor) -> Tensor:
        """Sum of the tensors of all ranks; overwrites the tensor given."""
        if self.size > 1:
            tensor = tensor.contiguous()
            ranks().call(dist.all_reduce, tensor)
        return tensor

    def joined(self, mine: np.ndarray, axis: int = 0) -> np.ndarray:
        """The per-sample arrays of all ranks, concatenated along an axis."""
        if self.size == 1:
            return mine
        mine = np.moveaxis(mine, axis, 0)
        whole = np.zeros((self.n, *mine.shape[1:]), mine.dtype)
        whole[self.rows] = mine
        return np.moveaxis(self.sum(torch.from_numpy(whole)).numpy(), 0, axis)


def by_shares(
    function: Callable[[Any], np.ndarray], X: Rows | np.ndarray
) -> np.ndarray:
    """``function(X)``, one row per sample; each rank computes the rows of its share."""
    share = Share.of(len(X))
    return share.joined(function(X[share.rows]))


def broadcast(value: Numbers) -> Numbers:
    """The number, array or tensor of rank 0; it has the same shape on every rank."""
    if ranks().size == 1:
        return value
    if isinstance(value, Tensor):
        return _broadcast_tensor(
            value.detach().clone(memory_format=torch.contiguous_format)
        )
    sent = _broadcast_tensor(torch.from_numpy(np.array(value, order="C"))).numpy()
    return sent if isinstance(value, np.ndarray) else sent.item()


def _broadcast_tensor(tensor: Tensor) -> Tensor:
    ranks().call(dist.broadcast, tensor, src=0)
    return tensor


def from_first_rank(function: Callable[[], Value]) -> Value:
    """Call a function on rank 0 only; return its result, or raise its error, on all."""
    here = ranks()
    if here.size == 1:
        return function()
    outcome: list[Any] = [None, None]
    if here.is_first:
        try:
            outcome[0] = function()
        except Exception as error:  # raised again, on every rank
            outcome[1] = error
    here.call(dist.broadcast_object_list, outcome, src=0)
    if outcome[1] is not None:
        raise outcome[1]
    return outcome[0]


def gathered(value: Value) -> list[Value]:
    """The values of all ranks, in order; they are pickled, so they should be small."""
    here = ranks()
    values = [value] * here.size
    if here.size > 1:
        here.call(dist.all_gather_object, values, value)
    return values
