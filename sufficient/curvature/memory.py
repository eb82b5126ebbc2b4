"""Work on chunks of samples, which become smaller if memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from sufficient.reproducibility.devices import OUT_OF_MEMORY, release_unused

__all__ = ["Chunks"]

Part = TypeVar("Part")


class Chunks:
    """Consecutive chunks of samples; a chunk that does not fit in memory is halved.

    Parameters
    ----------
    size : int
        Initial number of samples in a chunk.

    Examples
    --------
    >>> from sufficient.reproducibility.devices import OUT_OF_MEMORY
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
        release_unused()
