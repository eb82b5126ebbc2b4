"""The command ``python -m examples.studies.training``."""

from functools import partial

import pandas as pd

from ..common.command import parser_of
from ..common.needs import require, without_files, without_packages
from ..common.pages import markdown, show
from ..common.results import Results
from . import __doc__ as about
from .tables import TABLES
from .work import FULL, PARTS, SMALL, Run, Work

__all__ = ["main"]


def main() -> None:
    """Run everything that is not stored yet, and show the tables."""
    chosen = parser_of("training", about, PARTS).parse_args()
    results = Results.of("training", chosen, digits=6)
    work = Work(FULL if chosen.full else SMALL, chosen.folder)
    parts = {name: partial(work.rows, name) for name in PARTS}
    wanted = results.wanted(parts, chosen.only)
    require(_missing([run for name in wanted for run in work.to_run(name)]))
    found = results.measure(parts, wanted)
    show(dict(_tables(found["parts"])), chosen.page)


def _missing(runs: list[Run]):
    """Messages about packages and files of images that the runs need."""
    sources = [run.pair.source for run in runs]
    packages = {source.package for source in sources if source.package}
    return [
        *without_packages(*sorted(packages)),
        *without_files(source.loader for source in sources),
    ]


def _tables(rows):
    for name, (part, table) in TABLES.items():
        found = table(pd.DataFrame(rows[part])) if rows.get(part) else ()
        if len(found):
            yield name, markdown(found)


if __name__ == "__main__":
    main()
