"""The data sets as they come: no column is scaled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn import datasets
from sklearn.model_selection import train_test_split

from sufficient.datasets import load_fashion_mnist

from ..training import data as shared

__all__ = ["DATA", "DataSet"]

MOST_TEST = 10_000


@dataclass(frozen=True)
class DataSet(shared.DataSet):
    """Where the samples come from, and how they are split.

    Attributes
    ----------
    white : float
        The largest value of a pixel; 0 where X are no rows of pixels.
    n_train : int or None
        Samples to train on; None is three quarters of all.
    n_splits : int
        Random splits into a training and a test part.
    """

    white: float = 0.0
    n_train: int | None = None
    n_splits: int = 5

    @property
    def are_images(self) -> bool:
        """Whether X are rows of pixels."""
        return self.white > 0

    def split(self, seed: int) -> list[np.ndarray]:
        """Training X, test X, training y, test y."""
        X, y = self.read()
        n_test = None if self.n_train is None else min(MOST_TEST, len(X) - self.n_train)
        return train_test_split(
            X,
            y,
            train_size=self.n_train,
            test_size=n_test,
            random_state=seed,
            stratify=None if self.is_regression else y,
        )


def _fashion():
    X, y = load_fashion_mnist(n_samples=20_000)
    return (X + 1) * 127.5, y


def _small(load, **how):
    return DataSet(partial(load, return_X_y=True), **how)


def _large(source, n_train, n_splits=2):
    return DataSet(
        source.read,
        source.is_regression,
        package=source.package,
        n_train=n_train,
        n_splits=n_splits,
    )


DATA = {
    "iris": _small(datasets.load_iris, n_splits=10),
    "wine": _small(datasets.load_wine),
    "breast cancer": _small(datasets.load_breast_cancer),
    "diabetes": _small(
        partial(datasets.load_diabetes, scaled=False), is_regression=True, n_splits=10
    ),
    "digits": _small(datasets.load_digits, white=16, n_splits=3),
    "diamonds, price": _large(shared.DATA["diamonds, price"], 4_000),
    "diamonds, cut": _large(shared.DATA["diamonds, cut"], 4_000),
    "flights": _large(shared.DATA["flights"], 4_000),
    "Fashion-MNIST": DataSet(
        _fashion, white=255, loader=load_fashion_mnist, n_train=4_000, n_splits=2
    ),
}
