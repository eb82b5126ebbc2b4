"""The command ``python -m examples.studies.benchmarks``."""

import argparse
import os
from pathlib import Path

from ..common.environment import environment
from ..common.store import write
from . import __doc__ as about
from .context import Context
from .run import run_workload
from .table import as_markdown
from .workloads import WORKLOADS

__all__ = ["main"]


def main():
    """Measure, print, write."""
    chosen = _arguments()
    context = Context(chosen.quick, chosen.reference_cache, chosen.enough)
    results = {"environment": environment(), "quick": chosen.quick, "rows": []}
    for name in chosen.only or WORKLOADS:
        rows = run_workload(WORKLOADS[name], context, chosen.limit, chosen.skip)
        results["rows"] += rows
        print(as_markdown(rows), end="\n\n", flush=True)
        write(results, chosen.output)


def _arguments():
    parser = argparse.ArgumentParser(
        prog="python -m examples.studies.benchmarks",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="small, on digits")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=list(WORKLOADS))
    parser.add_argument("--skip", nargs="+", metavar="ENTRY", default=())
    parser.add_argument("--output", type=Path, default=Path("results.json"))
    parser.add_argument("--reference-cache", type=Path, default=_cache_folder())
    parser.add_argument(
        "--enough", type=float, default=600.0, help="CPU s for the starts of an entry"
    )
    parser.add_argument(
        "--limit", type=float, default=7200.0, help="wall s to give an entry up after"
    )
    return parser.parse_args()


def _cache_folder():
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "sufficient" / "benchmarks"


if __name__ == "__main__":
    main()
