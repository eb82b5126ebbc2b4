"""What a run tells on its way: a bar for those who watch, a log for those who read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm.auto import tqdm

from sufficient.ranks import ranks
from sufficient.results import Measurement, Record

__all__ = ["log_end", "log_size", "progress"]

LOGGER = logging.getLogger(__name__)


@contextmanager
def progress(
    done: int, last: int, verbose: int
) -> Iterator[Callable[[Measurement], None]]:
    """Show a bar of the measured sizes; of several ranks, only the first one does.

    Parameters
    ----------
    done, last : int
        Batches that are measured already, and those of the largest size.
    verbose : int
        Above 0, there is a bar.

    Yields
    ------
    callable
        To be called with each measurement.
    """
    hidden = not verbose or not ranks().is_first
    with tqdm(initial=done, total=last, disable=hidden) as bar:

        def show(measurement: Measurement) -> None:
            bar.set_postfix(_said(measurement), refresh=False)
            bar.update(int(measurement.columns["batch_count"]) - bar.n)

        yield show


def log_size(measurement: Measurement) -> None:
    """Log what was measured at a size."""
    if ranks().is_first:
        said = _said(measurement).items()
        LOGGER.info("Measured %s", ", ".join(f"{name}={value}" for name, value in said))


def log_end(record: Record, n_train: int) -> None:
    """Log where a run ended by itself."""
    if ranks().is_first:
        n = int(record.last.columns["train_size"])
        LOGGER.info("Complete at %d of %d samples", n, n_train)


def _said(measurement: Measurement) -> dict[str, int | str]:
    columns = measurement.columns
    return {
        "samples": int(columns["train_size"]),
        "delta": f"{columns['delta']:.3g}",
        "bound": f"{columns['projected']:.3g}",
        "score": f"{columns['validation_score']:.3f}",
    }
