"""The command ``python -m examples.studies.papers``."""

import argparse
from pathlib import Path

import matplotlib

from ..common.clock import timed
from ..common.environment import environment
from ..common.pages import show
from ..common.store import read, write
from . import __doc__ as about
from .parts import PARTS
from .settings import FULL, SMALL

__all__ = ["main"]

DIGITS = 4


def main():
    """Measure, keep the numbers, draw, fill in the tables."""
    chosen = _arguments()
    matplotlib.use("Agg")
    settings = FULL if chosen.full else SMALL
    path = chosen.output / "papers.json"
    results = read(path) if chosen.only is not None and path.exists() else {}
    for name in PARTS if chosen.only is None else chosen.only:
        print(name, flush=True)
        found = timed(PARTS[name], settings)
        results |= {"full": chosen.full, "environment": environment()}
        results[name] = {"cpu_seconds": found.cpu, **found.result}
        write(results, path, DIGITS)
        results = read(path)
    _publish(results, chosen.output)


def _publish(results, folder):
    # pyplot is imported after the backend is chosen.
    from .figures import draw
    from .tables import tables

    draw(results, folder / "images" / "papers")
    page = folder / "papers.md"
    show(tables(results), page if page.exists() else None)


def _arguments():
    parser = argparse.ArgumentParser(
        prog="python -m examples.studies.papers",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--full", action="store_true", help="the papers' sizes")
    parser.add_argument("--only", nargs="*", metavar="PART", choices=list(PARTS))
    parser.add_argument("--output", type=Path, default=Path("papers"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
