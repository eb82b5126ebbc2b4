"""Whether files can be written, and lines about those that were."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["announce", "check_before_the_long_fit", "draw"]


def check_before_the_long_fit(args: Namespace) -> None:
    """Raise where a file that was asked for cannot be written."""
    if args.plot:
        _check("--plot", args.plot, _kinds_of_pictures())
    if args.report:
        _check("--report", args.report, ("html", "htm"))


def draw(args: Namespace, figure: Figure) -> str:
    """Write a picture; a line about it."""
    figure.savefig(args.plot, dpi=150)
    return f"Picture: {args.plot}"


def announce(args: Namespace, lines: Iterable[str]) -> None:
    """Print what was written, where it does not disturb the answer."""
    for line in lines:
        print(f"\n{line}", file=sys.stderr if args.json else sys.stdout)


def _kinds_of_pictures():
    from sufficient.display.style import need_matplotlib

    need_matplotlib()
    import matplotlib.figure

    matplotlib.use("Agg")
    return list(matplotlib.figure.Figure().canvas.get_supported_filetypes())


def _check(flag: str, path: Path, kinds: Sequence[str]) -> None:
    if path.suffix[1:].lower() not in kinds:
        raise ValueError(f"{flag} {path} must end in one of .{', .'.join(kinds)}.")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"{flag} {path}: there is no such folder, or no right to it.")
