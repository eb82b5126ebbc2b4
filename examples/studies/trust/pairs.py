"""Pairs of data and network, and on which of them the library was chosen.

A data set belongs to one side only. On the chosen-on side, the default training, the
prior of the forecast and the thresholds of the verdict may have been looked at. Nothing
was chosen on the other side.
"""

from __future__ import annotations

from dataclasses import dataclass

from skorch import NeuralNet

from sufficient.nets import default_net

from .data import Data, kind_of, load

__all__ = ["CHOSEN", "PAIRS", "REPORTED", "Pair", "named"]

NETS = {
    "logistic": ("mlp", ()),
    "64": ("mlp", (64,)),
    "128-64": ("mlp", (128, 64)),
    "256-256": ("mlp", (256, 256)),
    "CNN": ("cnn", None),
}


@dataclass(frozen=True)
class Pair:
    """A data set, a network and a score.

    Attributes
    ----------
    data : str
        Name of the data set.
    net : str
        A name in `NETS`; "128-64" is the default.
    scoring : str or None
        As the parameter of `SampleSizeEstimator`.
    chosen_on : bool
        Whether anything in the library was chosen on this data set.
    """

    data: str
    net: str = "128-64"
    scoring: str | None = None
    chosen_on: bool = False

    @property
    def name(self) -> str:
        """A short and unique name."""
        scoring = f", {self.scoring}" if self.scoring else ""
        return f"{self.data} / {self.net}{scoring}"

    @property
    def kind(self) -> str:
        """Tables, images or made."""
        return kind_of(self.data)

    def load(self) -> Data:
        """The data."""
        return load(self.data)

    def estimator(self) -> NeuralNet:
        """The unfitted skorch net."""
        kind, hidden = NETS[self.net]
        sizes = {} if hidden is None else {"module__hidden_sizes": hidden}
        return default_net(kind, regression=self.load().is_regression, **sizes)


CHOSEN = [
    Pair(name, net, chosen_on=True)
    for name, net in (
        ("moons", "128-64"),
        ("Gaussian quantiles", "128-64"),
        ("Fashion-MNIST", "128-64"),
        ("middling classes", "logistic"),
        ("hard classes", "128-64"),
        ("Friedman 2", "128-64"),
        ("cut of diamonds", "128-64"),
        ("health insurance", "64"),
        ("digits", "128-64"),
        ("MNIST, 20 % noise", "128-64"),
    )
]
REPORTED = [
    Pair("Hastie"),
    Pair("redundant features"),
    Pair("redundant features", "logistic"),
    Pair("Friedman 3", "64"),
    Pair("price of diamonds", "256-256"),
    Pair("late flights"),
    Pair("films", "64"),
    Pair("food budgets"),
    Pair("rain"),
    Pair("rain", scoring="roc_auc"),
    Pair("self-employed", "64", scoring="f1"),
    Pair("deaths"),
    Pair("doctor visits", "logistic"),
    Pair("vocabulary"),
    Pair("air pollution"),
    Pair("baseball", "64"),
    Pair("computers"),
    Pair("temperature", "256-256"),
    Pair("three garments"),
    Pair("MNIST"),
    Pair("MNIST", "logistic"),
]
PAIRS = [*CHOSEN, *REPORTED]


def named(name: str) -> Pair:
    """The pair of a name."""
    return next(pair for pair in PAIRS if pair.name == name)
