"""The command ``python -m examples.studies.default_nets``."""

from functools import partial

import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from ..common.command import parser_of
from ..common.needs import require, without_files, without_packages
from ..common.pages import markdown, show
from ..common.quiet import quiet
from ..common.results import Results
from . import __doc__ as about
from .data import DATA
from .models import default_nets, peers
from .table import scores_table

__all__ = ["main"]

KINDS = {"default": default_nets, "peers": peers}


def main() -> None:
    """Run everything that is not stored yet, and show the table."""
    parts = {f"{name}, {kind}": (name, kind) for name in DATA for kind in KINDS}
    chosen = parser_of("default_nets", about, parts).parse_args()
    results = Results.of("default_nets", chosen, digits=6)
    if not chosen.full:
        parts = {part: it for part, it in parts.items() if _is_small(*it)}
    wanted = results.wanted(parts, chosen.only)
    require(_missing({parts[part][0] for part in wanted}))
    torch.set_num_threads(1)
    with threadpool_limits(1), quiet():
        found = results.measure(
            {part: partial(_rows, *it, chosen.full) for part, it in parts.items()},
            wanted,
        )
    rows = [row for part in found["parts"].values() for row in part]
    show({"scores": markdown(scores_table(pd.DataFrame(rows)))}, chosen.page)


def _rows(name, kind, full):
    """A row for each split and model: what it scores on the test part."""
    data = DATA[name]
    return [
        {"data": name, "seed": seed, "model": model, **result}
        for seed in range(data.n_splits if full else 1)
        for model, result in KINDS[kind](data, seed)
    ]


def _is_small(name, _):
    return DATA[name].n_train is None


def _missing(names):
    sources = [DATA[name] for name in names]
    packages = {source.package for source in sources if source.package}
    return [
        *without_packages(*sorted(packages)),
        *without_files(source.loader for source in sources),
    ]


if __name__ == "__main__":
    main()
