"""Tables in Markdown, and filling them into a page of the documentation."""

import re
from pathlib import Path

import pandas as pd

__all__ = ["fill", "markdown", "show"]


def markdown(rows) -> str:
    """A Markdown table from a data frame or a list of dictionaries."""
    frame = pd.DataFrame(rows).astype(object)
    lines = [frame.columns, ["---"] * frame.shape[1], *frame.to_numpy()]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def show(tables: dict[str, str], page: Path | None = None) -> None:
    """Print the tables, and fill them into a page if one is given."""
    for name, table in tables.items():
        print(f"\n{name}\n\n{table}")
    if page is not None:
        fill(page, tables)


def fill(page: Path, tables: dict[str, str]) -> None:
    """Put every table between its marks, if the page has them.

    The marks are ``<!-- table: name -->`` and ``<!-- end -->``, on lines of their own.
    """
    text = page.read_text(encoding="utf-8")
    for name, table in tables.items():
        between = rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)"
        text = re.sub(between, _with(table), text, flags=re.DOTALL)
    page.write_text(text, encoding="utf-8")


def _with(table):
    # A function, because a table may hold backslashes.
    return lambda marks: f"{marks[1]}\n{table}\n\n{marks[2]}"
