"""The command ``python -m examples.studies.classes``."""

from collections.abc import Sequence
from functools import partial

from ..common.command import parser_of
from ..common.needs import require, without_files, without_packages
from ..common.pages import markdown, show
from ..common.results import Results
from ..trust.data import FILES
from ..trust.shipped import TABLES
from . import __doc__ as about
from .fits import FULL, PARTS, SMALL, fits
from .tables import table

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit everything that is not stored yet, and show the table."""
    chosen = parser_of("classes", about, PARTS).parse_args(arguments)
    results = Results.of("classes", chosen, digits=6)
    given, n_seeds = FULL if chosen.full else SMALL
    parts = {name: partial(fits, name, given, n_seeds) for name in PARTS}
    wanted = results.wanted(parts, chosen.only)
    require(_missing(wanted))
    found = results.measure(parts, wanted)["parts"]
    show({"classes": markdown(table(found))}, chosen.page)


def _missing(wanted):
    packages = [TABLES[name][0] for name in wanted if name in TABLES]
    loaders = [FILES[name] for name in wanted if name in FILES]
    return [*without_packages(*packages), *without_files(loaders)]


if __name__ == "__main__":
    main()
