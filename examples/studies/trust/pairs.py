"""Pairs of data and network; the library's constants were chosen on some of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from sklearn.datasets import make_classification, make_friedman1

from sufficient.datasets import load_digits_images, load_fashion_mnist, load_mnist
from sufficient.nets import default_net

__all__ = ["PAIRS", "Pair"]

N_POOL = 18_432
N_APART = 2_048
NETS = {
    "logistic": ("mlp", ()),
    "64": ("mlp", (64,)),
    "128": ("mlp", (128,)),
    "128-64": ("mlp", (128, 64)),
    "CNN": ("cnn", None),
}


@dataclass(frozen=True)
class Data:
    """Samples for the run, samples set apart for validation, and a test set."""

    X: np.ndarray
    y: np.ndarray
    X_apart: np.ndarray
    y_apart: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


@dataclass(frozen=True)
class Pair:
    """A data set, a network, and how it is trained.

    Attributes
    ----------
    data : str
        A name in `DATA`.
    net : str
        A name in `NETS`.
    chosen_on : bool
        Whether the constants of the library were chosen on this pair.
    training : str
        "update" or "restart".
    repeated : range
        Seeds of the runs that measure the spread of the answer.
    """

    data: str
    net: str
    chosen_on: bool = False
    training: str = "update"
    repeated: range = range(0)

    @property
    def name(self) -> str:
        """A short and unique name."""
        restart = ", restart" if self.training == "restart" else ""
        return f"{self.data} / {self.net}{restart}"

    @property
    def is_classification(self) -> bool:
        """Whether the score is an accuracy."""
        return self.data not in REGRESSIONS

    @property
    def has_samples_apart(self) -> bool:
        """Whether small validation sets can be drawn from the samples apart."""
        return self.is_classification and self.data != "digits"

    @property
    def loader(self) -> Callable | None:
        """The function that reads the files of the data; None if there are none."""
        return LOADERS.get(self.data.partition(",")[0])

    def load(self) -> Data:
        """Load or generate the data."""
        return DATA[self.data]()

    def estimator(self):
        """The unfitted skorch net."""
        kind, hidden = NETS[self.net]
        sizes = {} if hidden is None else {"module__hidden_sizes": hidden}
        return default_net(kind, regression=not self.is_classification, **sizes)


def _images(load, labels=None, noise=0.0):
    X, y = load()
    X_test, y_test = load(split="test")
    if labels is not None:
        (X, y), (X_test, y_test) = (
            (A[np.isin(b, labels)], b[np.isin(b, labels)])
            for A, b in ((X, y), (X_test, y_test))
        )
    y, y_test = (_noisy(b, noise, seed) for seed, b in enumerate((y, y_test)))
    most = min(N_POOL, len(X) - N_APART)
    return Data(X[:most], y[:most], X[-N_APART:], y[-N_APART:], X_test, y_test)


def _noisy(y, noise, seed):
    """Labels, of which a share is replaced by another label at random."""
    rng, labels = np.random.default_rng(seed), np.unique(y)
    shifts = rng.integers(1, len(labels), len(y))
    wrong = labels[(np.searchsorted(labels, y) + shifts) % len(labels)]
    return np.where(rng.uniform(size=len(y)) < noise, wrong, y)


def _digits():
    X, y = load_digits_images()
    order = np.random.default_rng(0).permutation(len(X))
    X, y = X[order], y[order]
    # There are too few to set more apart than the test set.
    return Data(X[350:], y[350:], X[:350], y[:350], X[:350], y[:350])


def _made(make, **parameters):
    X, y = make(n_samples=N_POOL + N_APART + 10_000, random_state=0, **parameters)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    if y.dtype.kind == "f":
        y = (y - y.mean()) / y.std()
    parts = np.split(np.arange(len(X)), [N_POOL, N_POOL + N_APART])
    return Data(*(A[rows] for rows in parts for A in (X.astype(np.float32), y)))


def _classes(n_features, n_informative, n_classes, class_sep, flip_y=0.01):
    return _made(
        make_classification,
        n_features=n_features,
        n_informative=n_informative,
        n_classes=n_classes,
        class_sep=class_sep,
        flip_y=flip_y,
    )


def _lower_half():
    """Regression of the mean brightness of an image's lower half on its upper half."""
    X, _ = load_fashion_mnist()
    X_test, _ = load_fashion_mnist(split="test")
    (X, y), (X_test, y_test) = ((A[:, :392], A[:, 392:].mean(1)) for A in (X, X_test))
    rows = slice(N_POOL), slice(-N_APART, None)
    return Data(X[rows[0]], y[rows[0]], X[rows[1]], y[rows[1]], X_test, y_test)


DATA: dict[str, Callable[[], Data]] = {
    "Fashion-MNIST": partial(_images, load_fashion_mnist),
    "Fashion-MNIST, 20 % noise": partial(_images, load_fashion_mnist, noise=0.2),
    "Fashion-MNIST, 40 % noise": partial(_images, load_fashion_mnist, noise=0.4),
    "Fashion-MNIST, 2 classes": partial(_images, load_fashion_mnist, [0, 6]),
    "Fashion-MNIST, 5 classes": partial(_images, load_fashion_mnist, range(5)),
    "MNIST": partial(_images, load_mnist),
    "MNIST, 2 classes": partial(_images, load_mnist, [4, 9]),
    "MNIST, 5 classes": partial(_images, load_mnist, range(5)),
    "digits": _digits,
    "made, easy": partial(_classes, 20, 15, 5, 2.0),
    "made, middling": partial(_classes, 30, 10, 10, 1.0),
    "made, hard": partial(_classes, 100, 20, 10, 0.5),
    "made, hopeless": partial(_classes, 30, 10, 5, 1.0, flip_y=1.0),
    "Friedman": partial(_made, make_friedman1, n_features=20, noise=2.0),
    "lower half": _lower_half,
}
DATA = {name: cache(load) for name, load in DATA.items()}
LOADERS = {
    "Fashion-MNIST": load_fashion_mnist,
    "MNIST": load_mnist,
    "lower half": load_fashion_mnist,
}
REGRESSIONS = {"Friedman", "lower half"}

PAIRS = [
    Pair("Fashion-MNIST", "128-64", chosen_on=True, repeated=range(10)),
    Pair("Fashion-MNIST", "64", chosen_on=True),
    Pair("Fashion-MNIST, 20 % noise", "128-64", chosen_on=True),
    Pair("Fashion-MNIST, 2 classes", "64", chosen_on=True),
    Pair("MNIST", "64", chosen_on=True),
    Pair("MNIST, 5 classes", "128-64", chosen_on=True),
    Pair("digits", "64", chosen_on=True),
    Pair("made, easy", "64", chosen_on=True),
    Pair("made, hard", "logistic", chosen_on=True),
    Pair("made, hopeless", "64", chosen_on=True),
    Pair("Friedman", "64", chosen_on=True),
    Pair("MNIST", "128-64", repeated=range(10)),
    Pair("MNIST", "128", repeated=range(5)),
    Pair("MNIST", "logistic"),
    Pair("Fashion-MNIST", "128", repeated=range(5)),
    Pair("Fashion-MNIST", "logistic", chosen_on=True),
    Pair("Fashion-MNIST, 40 % noise", "128-64"),
    Pair("Fashion-MNIST, 20 % noise", "logistic"),
    Pair("Fashion-MNIST, 5 classes", "128-64"),
    Pair("Fashion-MNIST, 2 classes", "logistic"),
    Pair("MNIST, 2 classes", "64", chosen_on=True),
    Pair("MNIST, 2 classes", "128-64"),
    Pair("digits", "128-64", repeated=range(10)),
    Pair("digits", "logistic", chosen_on=True),
    Pair("made, easy", "logistic", chosen_on=True),
    Pair("made, middling", "128-64"),
    Pair("made, middling", "logistic"),
    Pair("made, hard", "64"),
    Pair("made, hopeless", "logistic"),
    Pair("lower half", "128-64"),
    Pair("Friedman", "128-64"),
    Pair("Fashion-MNIST", "128-64", training="restart"),
    Pair("MNIST", "64", training="restart"),
    Pair("Fashion-MNIST", "CNN", repeated=range(2, 7)),
    Pair("MNIST", "CNN", repeated=range(2, 7)),
]
