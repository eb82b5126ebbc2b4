"""What fits in memory: chunks of samples become smaller, too much is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from sufficient.reproducibility.devices import memory_of

__all__ = ["OUT_OF_MEMORY", "Chunks", "check_affordable"]

Part = TypeVar("Part")

OUT_OF_MEMORY: type[RuntimeError] = (
    getattr(torch, "OutOfMemoryError", None) or torch.cuda.OutOfMemoryError
)
# Operations a second that a slow device of the kind makes of these products.
SPEEDS = {"cpu": 5e9, "cuda": 5e11}
HOUR = 3600.0
# The default. For nets where these take an hour, so does every other step.
ALWAYS = 10


def check_affordable(
    n_directions: int, n_parameters: int, n_samples: int, device: str
) -> None:
    """Refuse a plane that does not fit in memory, or takes an hour at every size.

    The Krylov space has 2 d vectors at least, each with its product; every sample has a
    Hessian of d x d. Each new vector is made orthogonal to all others.

    Parameters
    ----------
    n_directions, n_parameters : int
        Dimension d of the plane, and of the weights.
    n_samples : int
        Samples whose loss is projected onto the plane.
    device : str
        Where that is computed.

    Raises
    ------
    ValueError
        With the estimate of memory or time.

    Examples
    --------
    >>> check_affordable(100, 20_000, 2048, "cpu")
    """
    d, p = float(n_directions), float(n_parameters)
    n_vectors = min(2 * d, p)
    needed = 4 * p * (2 * n_vectors + d) + 8 * n_samples * (1 + d + d**2)
    products = 6 * p * n_samples * (n_vectors + d)
    orthogonalising = 2 * p * n_vectors**2
    kind = torch.device(device).type
    seconds = (products + orthogonalising) / SPEEDS.get(kind, SPEEDS["cuda"])
    there = memory_of(device)
    if d > ALWAYS and (needed > there or seconds > HOUR):
        raise ValueError(
            f"n_directions={n_directions:,} for a net of {n_parameters:,} parameters "
            f"needs about {needed / 2**30:,.1f} GB of memory, of {there / 2**30:,.1f}, "
            f"and {seconds / HOUR:,.1f} hours at every size. Lower n_directions; the "
            f"default is {ALWAYS}."
        )


class Chunks:
    """Consecutive chunks of samples; a chunk that does not fit in memory is halved.

    Parameters
    ----------
    size : int
        Initial number of samples in a chunk.

    Examples
    --------
    >>> def work(rows):
    ...     if rows.stop - rows.start > 2:
    ...         raise OUT_OF_MEMORY("3 are too many")
    ...     return rows.start, rows.stop
    >>> chunks = Chunks(4)
    >>> list(chunks.map(work, 5)), chunks.size
    ([(0, 2), (2, 4), (4, 5)], 2)
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def map(self, work: Callable[[slice], Part], n: int) -> Iterator[Part]:
        """Call `work` for every chunk of ``range(n)``; yield the results in order.

        Raises
        ------
        MemoryError
            If there is not enough memory for a single sample.
        """
        start = 0
        while start < n:
            rows, reason = slice(start, min(start + self.size, n)), None
            try:
                part = work(rows)
            except OUT_OF_MEMORY as error:
                reason = str(error)
            # Outside the except block, the tensors of the failed attempt are freed.
            if reason is None:
                yield part
                start = rows.stop
            else:
                self._halve(rows.stop - start, reason)

    def _halve(self, failed, reason):
        if failed == 1:
            raise MemoryError(
                "The device does not have enough memory for one sample at a time "
                f"({reason.splitlines()[0]}). Lower n_directions, use a smaller net, "
                "or use device='cpu'."
            )
        self.size = failed // 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
