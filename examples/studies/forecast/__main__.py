"""The command ``python -m examples.studies.forecast``."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..common.clock import timed
from ..common.command import parser_of
from ..common.needs import require
from ..common.pages import show
from ..common.results import Results
from . import __doc__ as about
from .curves import missing
from .parts import FULL, PARTS, SMALL, Study
from .rounds_tables import draw
from .tables import tables

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything that is not stored yet, and show the tables."""
    chosen = _parser().parse_args(arguments)
    results = Results.of("forecast", chosen)
    study = Study(chosen.curves, FULL if chosen.full else SMALL)
    to_do = {name: partial(_timed, part, study) for name, part in PARTS.items()}
    wanted = results.wanted(to_do, chosen.only)
    require(missing(chosen.curves) if wanted else [])
    found = results.measure(to_do, wanted)["parts"]
    parts = {name: part["found"] for name, part in found.items()}
    show(tables(parts), chosen.page)
    if chosen.page and "rounds" in parts:
        draw(parts["rounds"], chosen.page.parent / "images")


def _timed(part, study):
    measured = timed(part, study)
    return {"cpu_seconds": measured.cpu, "found": measured.result}


def _parser():
    parser = parser_of("forecast", about, PARTS)
    parser.add_argument(
        "--curves",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="learning curves (.npz); without them, the command says what is needed",
    )
    return parser


if __name__ == "__main__":
    main()
