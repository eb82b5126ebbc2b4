"""The data sets of the study, each with a test set that is the same for all fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from sklearn import datasets as makers

from sufficient.datasets import load_digits_images, load_fashion_mnist, load_mnist

from .shipped import TABLES

__all__ = ["FILES", "SIZES", "Data", "kind_of", "load", "split"]

# With 512, 1,024, ... 16,384 samples to train on; the others are held out by default.
SIZES = (640, 1_280, 2_560, 5_120, 9_216, 18_204)
N_MADE = 30_000
MOST_ROWS, MOST_TEST, LEAST_TEST = 40_000, 10_000, 500
TEST_SHARE = 0.2


@dataclass(frozen=True)
class Data:
    """Samples that a fit may be given, and a test set that is the same for all fits."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray

    @property
    def is_regression(self) -> bool:
        """Whether the target is a number."""
        return self.y.dtype.kind == "f"

    @property
    def sizes(self) -> list[int]:
        """Sizes of the data that can be given."""
        return [n for n in SIZES if n <= len(self.X)]

    def given(self, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """A random subset; the one of fewer samples is part of it."""
        rows = np.random.default_rng(seed).permutation(len(self.X))[:n]
        return self.X[rows], self.y[rows]


def split(X: np.ndarray, y: np.ndarray) -> Data:
    """Set apart what the largest size leaves for testing, a fifth at least."""
    rows = np.random.default_rng(11).permutation(len(y))[:MOST_ROWS]
    n_test = max(LEAST_TEST, round(TEST_SHARE * len(rows)))
    largest = max(n for n in SIZES if n <= len(rows) - n_test)
    test, rest = np.split(rows, [min(MOST_TEST, len(rows) - largest)])
    X = X.astype(np.float32)
    return Data(X[rest], y[rest], X[test], y[test])


@cache
def load(name: str) -> Data:
    """A data set by its name."""
    return split(*(TABLES[name][1] if name in TABLES else OTHERS[name])())


def kind_of(name: str) -> str:
    """Tables, images or made: where the data come from."""
    if name in TABLES:
        return "tables"
    return "images" if name in FILES or name == "digits" else "made"


def _made(make: Callable, **parameters) -> tuple[np.ndarray, np.ndarray]:
    X, y = make(n_samples=N_MADE, **parameters)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    if len(np.unique(y)) > MOST_CLASSES:
        return X, (y - y.mean()) / y.std()
    return X, y.astype(int)


def _images(load, labels=tuple(range(10)), noise=0.0):
    """All images with some labels, a share of them replaced by one at random."""
    parts = [load(split=name) for name in ("train", "test")]
    X, y = (np.concatenate(both) for both in zip(*parts, strict=True))
    kept, rng = np.isin(y, labels), np.random.default_rng(5)
    X, y = X[kept], y[kept]
    wrong = rng.uniform(size=len(y)) < noise
    return X, np.where(wrong, rng.choice(labels, len(y)), y)


MOST_CLASSES = 20
MIDDLING = {"n_features": 20, "n_informative": 10, "n_redundant": 4, "n_classes": 4}
HARD = {"n_features": 40, "n_informative": 8, "n_redundant": 20, "n_classes": 3}
MANY = {"n_features": 20, "n_informative": 5, "n_redundant": 15}
OTHERS: dict[str, Callable] = {
    "moons": partial(_made, makers.make_moons, noise=0.3, random_state=0),
    "Gaussian quantiles": partial(
        _made,
        makers.make_gaussian_quantiles,
        n_features=10,
        n_classes=4,
        random_state=0,
    ),
    "middling classes": partial(
        _made, makers.make_classification, **MIDDLING, flip_y=0.02, random_state=1
    ),
    "hard classes": partial(
        _made,
        makers.make_classification,
        **HARD,
        n_clusters_per_class=3,
        class_sep=0.5,
        flip_y=0.15,
        random_state=2,
    ),
    "Friedman 2": partial(_made, makers.make_friedman2, noise=125.0, random_state=0),
    "Fashion-MNIST": partial(_images, load_fashion_mnist),
    "digits": load_digits_images,
    "MNIST, 20 % noise": partial(_images, load_mnist, noise=0.2),
    "Hastie": partial(_made, makers.make_hastie_10_2, random_state=0),
    "redundant features": partial(
        _made, makers.make_classification, **MANY, random_state=3
    ),
    "Friedman 3": partial(_made, makers.make_friedman3, noise=0.1, random_state=0),
    "three garments": partial(_images, load_fashion_mnist, labels=(2, 4, 6)),
    "MNIST": partial(_images, load_mnist),
}
# Which files of images a data set needs.
FILES = {
    "Fashion-MNIST": load_fashion_mnist,
    "MNIST, 20 % noise": load_mnist,
    "three garments": load_fashion_mnist,
    "MNIST": load_mnist,
}
