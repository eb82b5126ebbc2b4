"""The command ``python -m examples.studies.papers``."""

from dataclasses import replace
from functools import partial

from ..common.clock import timed
from ..common.command import parser_of
from ..common.needs import note, require
from ..common.pages import show
from ..common.results import Results
from . import __doc__ as about
from .needs import left_out, missing
from .parts import PARTS
from .settings import FULL, SMALL

__all__ = ["main"]

DIGITS = 4


def main() -> None:
    """Measure, store the numbers, draw, and fill in the tables."""
    chosen = parser_of("papers", about, PARTS).parse_args()
    results = Results.of("papers", chosen, DIGITS)
    settings = replace(FULL if chosen.full else SMALL, folder=chosen.folder)
    parts = {name: partial(_timed, part, settings) for name, part in PARTS.items()}
    wanted = results.wanted(parts, chosen.only)
    require(missing(wanted, settings))
    note("Left out, because its files are not here", left_out(wanted, settings))
    results.measure(parts, wanted)
    _show(*results.published(chosen.page), chosen.page)


def _timed(part, settings):
    found = timed(part, settings)
    return {"cpu_seconds": found.cpu, **found.result}


def _show(results, folder, page):
    # Imported late, because `missing` checks for matplotlib first.
    from .figures import draw
    from .tables import tables

    draw(results["parts"], folder / "images" / "papers")
    show(tables(results["parts"]), page)


if __name__ == "__main__":
    main()
