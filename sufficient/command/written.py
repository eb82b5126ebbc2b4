"""The files that the command writes: a picture and a page."""

from __future__ import annotations

import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sufficient.display import SampleSizeDisplay
from sufficient.display.page import write_page
from sufficient.display.style import need_matplotlib
from sufficient.estimator import SampleSizeEstimator
from sufficient.many_fits.page import write_repeats_page
from sufficient.many_fits.repeats import RepeatedSampleSize

__all__ = ["check_before_the_long_fit", "drawn", "told", "written"]


def written(
    args: Namespace, found: SampleSizeEstimator | RepeatedSampleSize
) -> Iterator[str]:
    """Write the files that were asked for, and a line about each."""
    if args.plot:
        yield drawn(args, SampleSizeDisplay.from_estimator(found))
    if args.report:
        command = shlex.join(["sufficient", *args.words])
        write = write_page if args.repeats is None else write_repeats_page
        yield f"Report: {write(found, args.report, command=command)}"


def drawn(args: Namespace, display: SampleSizeDisplay) -> str:
    """Write a picture, and say where it is."""
    display.figure_.savefig(args.plot, dpi=150)
    return f"Picture: {args.plot}"


def check_before_the_long_fit(args: Namespace) -> None:
    """Raise where a file that was asked for cannot be written."""
    if args.plot:
        _check("--plot", args.plot, _kinds_of_pictures())
    if args.report:
        _check("--report", args.report, ("html", "htm"))


def told(args: Namespace, lines: Iterable[str]) -> None:
    """Print what was written, where it does not disturb the answer."""
    for line in lines:
        print(f"\n{line}", file=sys.stderr if args.json else sys.stdout)


def _kinds_of_pictures():
    need_matplotlib()
    import matplotlib.figure

    matplotlib.use("Agg")
    return list(matplotlib.figure.Figure().canvas.get_supported_filetypes())


def _check(flag: str, path: Path, kinds: Sequence[str]) -> None:
    if path.suffix[1:].lower() not in kinds:
        raise ValueError(f"{flag} {path} must end in one of .{', .'.join(kinds)}.")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"{flag} {path}: there is no such folder, or no right to it.")
