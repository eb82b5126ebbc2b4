"""The files that the command writes of fits: a picture and a page."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Iterator

from sufficient.command.writing import draw
from sufficient.display import SampleSizeDisplay
from sufficient.display.page import page_of
from sufficient.estimator import SampleSizeEstimator
from sufficient.many_fits.page import repeats_page_of
from sufficient.many_fits.repeats import RepeatedSampleSize
from sufficient.report.page import write_page

__all__ = ["written"]


def written(
    args: Namespace, found: SampleSizeEstimator | RepeatedSampleSize
) -> Iterator[str]:
    """Write the files that were asked for, and a line about each."""
    if args.plot:
        yield draw(args, SampleSizeDisplay.from_estimator(found).figure_)
    if args.report:
        command = shlex.join(["sufficient", *args.words])
        page = page_of if args.repeats is None else repeats_page_of
        yield f"Report: {write_page(page(found, command=command), args.report)}"
