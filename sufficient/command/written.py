"""The files that the command writes of fits: a picture and a page."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterator

from sufficient.command.writing import draw
from sufficient.display import SampleSizeDisplay
from sufficient.display.page import write_page
from sufficient.estimator import SampleSizeEstimator
from sufficient.many_fits.page import write_repeats_page
from sufficient.many_fits.repeats import RepeatedSampleSize

__all__ = ["written"]


def written(
    args: Namespace, found: SampleSizeEstimator | RepeatedSampleSize
) -> Iterator[str]:
    """Write the files that were asked for, and a line about each."""
    if args.plot:
        yield draw(args, SampleSizeDisplay.from_estimator(found).figure_)
    if args.report:
        command = shlex.join(["sufficient", *args.words])
        write = write_page if args.repeats is None else write_repeats_page
        yield f"Report: {write(found, args.report, command=command)}"
