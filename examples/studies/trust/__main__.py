"""The command ``python -m examples.studies.trust``."""

from functools import partial

import pandas as pd

from ..common.command import parser_of
from ..common.needs import require, without_files
from ..common.pages import markdown, show
from ..common.results import Results
from . import __doc__ as about
from .results import PARTS
from .tables import TABLES
from .work import FULL, SMALL, Work

__all__ = ["main"]


def main() -> None:
    """Run everything that is not stored yet, and show the tables."""
    chosen = _arguments()
    results = Results.of("trust", chosen)
    work = Work(FULL if chosen.full else SMALL, chosen.folder, chosen.jobs)
    parts = {name: partial(part.rows, work) for name, part in PARTS.items()}
    wanted = results.wanted(parts, chosen.only)
    to_run = [run for name in wanted for run in PARTS[name].to_run(work)]
    require(without_files(run.pair.loader for run in to_run))
    found = results.measure(parts, wanted)
    show(dict(_tables(found["parts"])), chosen.page)


def _tables(rows):
    for name, (part, table) in TABLES.items():
        found = pd.DataFrame(rows.get(part, []))
        if len(found):
            yield name, markdown(table(found))


def _arguments():
    parser = parser_of("trust", about, PARTS)
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    return parser.parse_args()


if __name__ == "__main__":
    main()
