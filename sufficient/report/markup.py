"""Pieces of a page, in which everything that is shown is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["CUT", "items", "paragraph", "preformatted", "shortened", "table", "terms"]

# Ends a text that was cut.
CUT = "…"


def shortened(text: str, most: int = 80) -> str:
    """The text, or its beginning where it has more characters.

    Examples
    --------
    >>> shortened("a long name", 7)
    'a long…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}{CUT}"


def paragraph(text: str) -> str:
    """A paragraph.

    Examples
    --------
    >>> paragraph("a < b")
    '<p>a &lt; b</p>'
    """
    return f"<p>{escape(text)}</p>"


def items(lines: Iterable[str]) -> str:
    """A list with an entry for each line."""
    entries = (f"<li>{escape(line)}</li>" for line in lines)
    return "\n".join(["<ul>", *entries, "</ul>"])


def terms(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of terms, each with what is said of it."""
    entries = (f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in pairs)
    return "\n".join(["<dl>", *entries, "</dl>"])


def preformatted(code: str) -> str:
    """Lines of code; the keyboard reaches them where they are wider than the page."""
    return f'<pre tabindex="0"><code>{escape(code)}</code></pre>'


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    style: str = "",
    marked: int = 0,
) -> str:
    """A table whose first row and first column are headers.

    Parameters
    ----------
    caption : str
        What the table holds.
    head : sequence of str
        Names of the columns.
    rows : iterable of sequence of str
        A text for every column; the first names the row.
    style : str, default=""
        Class of the table.
    marked : int, default=0
        So many rows, from the first on, are set in bold.

    Returns
    -------
    str
    """
    names = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = (_row(row, marked=i < marked) for i, row in enumerate(rows))
    label = f'role="region" aria-label="{escape(caption)}" tabindex="0"'
    return "\n".join(
        [
            f'<div class="wide" {label}>',
            f'<table class="{style}">' if style else "<table>",
            f"<caption>{escape(caption)}</caption>",
            f"<thead><tr>{names}</tr></thead>",
            "<tbody>",
            *body,
            "</tbody></table></div>",
        ]
    )


def _row(row: Sequence[str], *, marked: bool) -> str:
    first, *rest = (escape(text) for text in row)
    cells = "".join(f"<td>{text}</td>" for text in rest)
    start = '<tr class="changed">' if marked else "<tr>"
    return f'{start}<th scope="row">{first}</th>{cells}</tr>'
