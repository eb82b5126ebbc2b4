"""Data and trained networks, the same for all programs."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sufficient.datasets import load_digits_images, load_fashion_mnist

from ..common.store import cached
from .context import Context

__all__ = ["Problem", "load_images", "load_problem", "start_vector"]

N_TRAINED_ON = 20_000
EPOCHS = {"mlp": 8, "cnn": 4}
SMALL_SIZES = {1000: 200, 5000: 500, 10_000: 1797, 20_000: 1500, 60_000: 1797}


@dataclass(frozen=True)
class Problem:
    """A trained network and n samples; the loss is the cross-entropy."""

    module: nn.Module
    X: Tensor
    y: Tensor

    @property
    def n_weights(self) -> int:
        return sum(p.numel() for p in self.module.parameters())

    def first(self, n: int) -> "Problem":
        """The same network on the first n samples."""
        return Problem(self.module, self.X[:n], self.y[:n])


def load_images(n: int, context: Context, *, as_images: bool = False):
    """The first n training images of Fashion-MNIST, or fewer digits if not full."""
    if context.full:
        return load_fashion_mnist(n_samples=n, as_images=as_images)
    return load_digits_images(n_samples=SMALL_SIZES[n], as_images=as_images)


def load_problem(kind: str, n: int, context: Context) -> Problem:
    """The first n samples, and a network trained on the first 20,000."""
    X, y = _tensors(kind, n, context)
    module = _module(kind, X)
    weights = _trained_weights(kind, context)
    module.load_state_dict({name: torch.as_tensor(w) for name, w in weights.items()})
    return Problem(module.eval(), X, y)


def start_vector(seed: int, size: int) -> Tensor:
    """The start vector that hessian-eigenthings draws for this seed."""
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


def _tensors(kind, n, context):
    X, y = load_images(n, context, as_images=kind == "cnn")
    # Pixels in [-1, 1] are standardised with the mean and deviation of Fashion-MNIST.
    return ((torch.from_numpy(X) + 1) / 2 - 0.286) / 0.353, torch.from_numpy(y)


def _module(kind, X):
    if kind == "mlp":
        first = nn.Linear(X.shape[1], 128)
        return nn.Sequential(
            first, nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
        )
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(16 * (X.shape[-1] // 4) ** 2, 64), nn.ReLU()),
        nn.Linear(64, 10),
    )


def _trained_weights(kind, context):
    data = "fashion" if context.full else "digits"
    path = context.folder / f"{kind}-{data}-torch{torch.__version__}.npz"
    return cached(path, _train, kind, context)


def _train(kind, context):
    torch.manual_seed(0)
    X, y = _tensors(kind, N_TRAINED_ON, context)
    module = _module(kind, X)
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
    for _ in range(EPOCHS[kind]):
        for rows in torch.randperm(len(X)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(module(X[rows]), y[rows]).backward()
            optimizer.step()
    return {name: weight.numpy() for name, weight in module.state_dict().items()}
