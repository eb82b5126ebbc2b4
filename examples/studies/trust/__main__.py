"""The command ``python -m examples.studies.trust``."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pandas as pd

from . import __doc__ as about
from .results import PARTS
from .tables import TABLES, as_markdown
from .work import FULL, SMALL, Work

__all__ = ["main"]

ROWS_OF = {"verdicts": "states", "gains": "states"}


def main():
    """Run what is missing, print the tables, write them where asked."""
    chosen = _arguments()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    work = Work(FULL if chosen.full else SMALL, chosen.folder, chosen.jobs)
    rows = {name: part(work) for name, part in PARTS.items() if name in chosen.only}
    tables = {name: text for name, text in _tables(rows)}
    for name, text in tables.items():
        print(f"{name}\n{text}\n")
    if chosen.page:
        _put_into(chosen.page, tables)
    if chosen.output:
        chosen.output.write_text(json.dumps(rows, indent=0), encoding="utf-8")


def _tables(rows):
    for name, table in TABLES.items():
        found = pd.DataFrame(rows.get(ROWS_OF.get(name, name), []))
        if name == "verdicts" and len(found):
            found = found[found["held out"] == "default"]
        if len(found):
            yield name, as_markdown(table(found))


def _put_into(page, tables):
    """Replace what stands between the marks of each table."""
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        between = rf"(<!-- table: {name} -->\n).*?(<!-- end -->)"
        text = re.sub(between, rf"\g<1>{table}\n\g<2>", text, flags=re.DOTALL)
    page.write_text(text, encoding="utf-8")


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
