"""The files that the command writes: a picture and a page."""

from __future__ import annotations

import os
import shlex
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from sufficient.display import SampleSizeDisplay
from sufficient.display.page import write_page
from sufficient.display.style import need_matplotlib
from sufficient.estimator import SampleSizeEstimator

__all__ = ["check_before_the_long_fit", "written"]


def written(args: Namespace, estimator: SampleSizeEstimator) -> Iterator[str]:
    """Write the files that were asked for, and a line about each."""
    if args.plot:
        SampleSizeDisplay.from_estimator(estimator).figure_.savefig(args.plot, dpi=150)
        yield f"Picture: {args.plot}"
    if args.report:
        command = shlex.join(["sufficient", *args.words])
        yield f"Report: {write_page(estimator, args.report, command=command)}"


def check_before_the_long_fit(args: Namespace) -> None:
    """Raise where a file that was asked for cannot be written."""
    if args.plot:
        _check("--plot", args, args.plot, _kinds_of_pictures())
    if args.report:
        _check("--report", args, args.report, ("html", "htm"))


def _kinds_of_pictures():
    need_matplotlib()
    import matplotlib.figure

    matplotlib.use("Agg")
    return list(matplotlib.figure.Figure().canvas.get_supported_filetypes())


def _check(flag: str, args: Namespace, path: Path, kinds: Sequence[str]) -> None:
    if args.repeats is not None:
        raise ValueError(f"{flag} shows one fit. Leave it out, or --repeats.")
    if path.suffix[1:].lower() not in kinds:
        raise ValueError(f"{flag} {path} must end in one of .{', .'.join(kinds)}.")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"{flag} {path}: there is no such folder, or no right to it.")
