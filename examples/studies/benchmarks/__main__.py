"""The command ``python -m examples.studies.benchmarks``."""

from functools import partial
from pathlib import Path

from sufficient.datasets import load_fashion_mnist

from ..common.command import parser_of
from ..common.environment import installed_version
from ..common.needs import note, require, without_files
from ..common.pages import show
from ..common.results import Results
from . import __doc__ as about
from .against import compared
from .context import Context
from .jobs import JOBS
from .run import run_workload
from .table import with_machine
from .workloads import WORKLOADS

__all__ = ["main"]


def main() -> None:
    """Measure, store the figures, draw, and fill in the table."""
    chosen = _arguments()
    if chosen.against is not None:
        names = [name for name in JOBS if chosen.only is None or name in chosen.only]
        show({"against": compared(chosen.against, names, chosen.full)}, chosen.page)
        return
    results = Results.of("benchmarks", chosen)
    context = Context(chosen.full, chosen.folder, chosen.enough)
    parts = {
        name: partial(run_workload, workload, context, chosen.limit, chosen.skip)
        for name, workload in WORKLOADS.items()
    }
    wanted = results.wanted(parts, chosen.only)
    _check_needs(wanted, chosen.full)
    results.measure(parts, wanted)
    _show(*results.published(chosen.page), chosen.page)


def _check_needs(wanted, full):
    """Exit if the data are missing; print which packages are missing."""
    require(without_files([load_fashion_mnist] if wanted and full else []))
    entries = [entry for name in wanted for entry in WORKLOADS[name].entries]
    needs = ["matplotlib", *(entry.needs for entry in entries if entry.needs)]
    missing = [name for name in needs if installed_version(name) is None]
    note("Left out, because it is not installed", missing)


def _show(results, folder, page):
    rows = [row for rows in results["parts"].values() for row in rows]
    show({"results": with_machine(rows, results["environment"])}, page)
    if installed_version("matplotlib"):
        _draw(rows, folder / "images" / "benchmarks.png")


def _draw(rows: list[dict], path: Path):
    from .figure import draw

    path.parent.mkdir(parents=True, exist_ok=True)
    draw(rows).savefig(path, dpi=200)


def _arguments():
    parser = parser_of("benchmarks", about, [*WORKLOADS, *JOBS])
    parser.add_argument(
        "--against",
        metavar="COMMIT",
        help="instead, time whole jobs by this version and by that of a commit of this "
        f"repository, and compare them; jobs: {', '.join(JOBS)}",
    )
    parser.add_argument(
        "--skip", nargs="+", metavar="ENTRY", default=(), help="entries to leave out"
    )
    parser.add_argument(
        "--enough",
        type=float,
        default=600.0,
        help="CPU seconds after which no further start vector is tried for an entry",
    )
    parser.add_argument(
        "--limit",
        type=float,
        default=7200.0,
        help="wall seconds after which an entry is stopped",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
