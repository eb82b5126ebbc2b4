"""The command ``python -m examples.studies.trust``."""

from __future__ import annotations

import time
from math import inf

import pandas as pd

from ..common.command import parser_of
from ..common.needs import require, without_files, without_packages
from ..common.pages import markdown, show
from . import __doc__ as about
from .before import before_table, side_by_side_table
from .cost_tables import cost_table, kept_table, steps_table, stops_table
from .data import FILES
from .landscape_tables import (
    coverage_table,
    errors_table,
    n_star_forecasts_table,
    n_star_table,
    variants_table,
)
from .measures import twice_the_steps
from .runs import run_all
from .scale import FULL, SMALL
from .shipped import PACKAGES
from .states import states
from .summaries import summaries
from .tables import TABLES
from .targets import targets_table
from .variants import DEFAULT, OLD, OLD_TO_THE_END, VARIANTS
from .work import PARTS, Work

__all__ = ["main", "tables_of"]


def main() -> None:
    """Make the fits that are not kept yet, and show the tables."""
    chosen = _arguments()
    folder = chosen.folder / ("trust" if chosen.full else "trust-small")
    work = Work(FULL if chosen.full else SMALL, folder)
    _check_needs(work)
    until = time.time() + 3600 * chosen.hours
    for part in PARTS if chosen.only is None else chosen.only:
        run_all(PARTS[part](work), folder, chosen.jobs, until)
    show(tables_of(work), chosen.page)


def tables_of(work: Work) -> dict[str, str]:
    """All tables, by their names, made of what is kept."""
    fits = work.fits()
    old, to_the_end = work.fits(OLD), work.fits(OLD_TO_THE_END)
    rivals = [*fits, *old, *to_the_end]
    seeds = work.complete_seeds(fits)
    followed = [fit for fit in fits if fit.seed in seeds]
    rows = states(fits)
    found = {"fits": followed, "states": rows[rows["seed"].isin(seeds)]}
    made = {name: table(found[of]) for name, (of, table) in TABLES.items()}
    varied = {one.name: work.fits(one) for one in (DEFAULT, *VARIANTS)}
    made |= {
        "targets": targets_table(found["states"], followed, fits, rivals),
        "kept": kept_table(rivals),
        "steps": steps_table(twice_the_steps(followed), followed),
        "stops": stops_table(followed),
        "cost": cost_table(followed),
        "before": before_table(old, to_the_end, followed) if old else pd.DataFrame(),
        "side_by_side": side_by_side_table(to_the_end, followed),
        "n_star": n_star_table(fits),
        "n_star_forecasts": n_star_forecasts_table(fits),
        "variants": variants_table(varied),
    }
    for part, table in (("bounds", coverage_table), ("errors", errors_table)):
        cells = pd.DataFrame(work.rows(part))
        made[part] = table(cells) if len(cells) else cells
    text = {name: markdown(one) for name, one in made.items() if len(one)}
    return text | summaries(fits, work.scale.sizes[-1])


def _check_needs(work):
    names = {pair.data for pair in work.scale.pairs}
    packages = sorted({PACKAGES[name] for name in names if name in PACKAGES})
    files = [FILES[name] for name in sorted(names) if name in FILES]
    require([*without_packages(*packages), *without_files(files)])


def _arguments():
    parser = parser_of("trust", about, PARTS)
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument(
        "--hours", type=float, default=inf, help="begin no run after so many hours"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
