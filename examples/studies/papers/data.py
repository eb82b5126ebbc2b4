"""The data sets, as pixels or as features of a pretrained network."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from sklearn.datasets import get_data_home
from torch import Tensor, nn

from sufficient import datasets
from sufficient.features import ImageFeatures

from .backbone import Lite0Features, lite0_pixels

__all__ = ["INPUTS", "Problem", "available", "images", "problem"]

LOADERS = {
    "MNIST": datasets.load_mnist,
    "Fashion-MNIST": datasets.load_fashion_mnist,
    "CIFAR-10": datasets.load_cifar10,
    "CIFAR-100": datasets.load_cifar100,
    "digits": datasets.load_digits_images,
}
INPUTS = ("pixels", "features")


@dataclass(frozen=True)
class Problem:
    """Samples and their labels."""

    X: Tensor
    y: Tensor

    @property
    def n_classes(self) -> int:
        return int(self.y.max()) + 1


def available(names: tuple[str, ...]) -> list[str]:
    """The data sets whose files are on this machine."""
    return [name for name in names if _is_here(name)]


@cache
def problem(name: str, kind: str, n_samples: int) -> Problem:
    """The first samples of a data set, as pixels or as features."""
    X, y = images(name, n_samples, as_images=kind == "features")
    if kind == "features":
        X = _extractor(name).fit_transform(X)
    return Problem(torch.as_tensor(X), torch.as_tensor(y))


def images(name: str, n_samples: int, *, as_images: bool = False):
    """Pixels in [-1, 1] and labels."""
    return LOADERS[name](n_samples=n_samples, as_images=as_images)


def _is_here(name):
    if name == "digits":  # comes with scikit-learn
        return True
    try:
        LOADERS[name](n_samples=1, download=False)
    except FileNotFoundError:
        return False
    return True


def _extractor(name):
    if name == "digits":
        return ImageFeatures(_random_body())
    folder = Path(get_data_home()) / "sufficient-features"
    return ImageFeatures(Lite0Features(), preprocess=lite0_pixels, cache=folder)


def _random_body():
    """An untrained network, so that the small study needs no download."""
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 16, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
    return nn.Sequential(*layers)
