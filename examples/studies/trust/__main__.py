"""The command ``python -m examples.studies.trust``."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from ..common.pages import markdown, show
from ..common.store import write
from . import __doc__ as about
from .results import PARTS
from .tables import TABLES
from .work import FULL, SMALL, Work

__all__ = ["main"]

ROWS_OF = {"verdicts": "states", "gains": "states"}


def main():
    """Run what is missing, and show the tables."""
    chosen = _arguments()
    work = Work(FULL if chosen.full else SMALL, chosen.folder, chosen.jobs)
    rows = {name: part(work) for name, part in PARTS.items() if name in chosen.only}
    tables = dict(_tables(rows))
    show(tables, chosen.page)
    if chosen.output:
        write(rows, chosen.output)


def _tables(rows):
    for name, table in TABLES.items():
        found = pd.DataFrame(rows.get(ROWS_OF.get(name, name), []))
        if name == "verdicts" and len(found):
            found = found[found["held out"] == "default"]
        if len(found):
            yield name, markdown(table(found))


def _arguments():
    parser = argparse.ArgumentParser(
        prog="python -m examples.studies.trust",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--full", action="store_true", help="all pairs: hours")
    parser.add_argument("--folder", type=Path, required=True, help="to keep runs in")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--page", type=Path, help="page whose tables are renewed")
    parser.add_argument("--output", type=Path, help="all rows, as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
