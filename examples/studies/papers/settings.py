"""The sizes of the experiments."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["FULL", "LETTER", "OTHER", "SMALL", "Settings"]

LETTER = {"hidden": "h", "layers": "L"}
# If one of h and L varies, the other is the same for all networks.
OTHER = {"hidden": "layers", "layers": "hidden"}


@dataclass(frozen=True)
class Settings:
    """Sizes of the experiments.

    Attributes
    ----------
    data : tuple of str
        Data sets of paper A's figures. If one data set is enough, the first that is on
        this machine is used.
    grown_data : tuple of str
        Data sets of paper B's figures.
    n_samples : int
        Number of samples of each data set, the first in file order.
    hidden_sizes : tuple of int
        Values of h, paper A's number of units in a hidden layer.
    layer_counts : tuple of int
        Values of L, paper A's number of blocks from hidden to hidden layer.
    fixed_hidden : int
        h of the networks that differ in L.
    fixed_layers : int
        L of the networks that differ in h.
    n_seeds : int
        Number of networks for each h and L.
    epochs : int
        Passes over the data in the training of paper A's networks.
    n_orders : int
        Random orders of the samples over which a curve is averaged.
    first_k : int
        Smallest k at which a slope is fitted.
    late_k : int
        Smallest k of a second fit, to the late part of the curve.
    n_runs : int
        Number of seeds of paper B's Algorithm 1.
    rows : tuple of (str, str, str, int)
        Rows of paper B's table: data set, network ("CNN", or the widths of the hidden
        layers), training and number of seeds.
    published_hidden : tuple of int
        Widths of the hidden layers of the network in paper B's code.
    published_counts : tuple of int
        Numbers of batches of 64 at which paper B's code is compared.
    n_draws : int
        Number of random displacements in this comparison.
    plane_count : int
        Number of batches at which displacements and directions are varied.
    most_draws : int
        Number of random displacements for this.
    folder : Path
        Where single fits are stored, so that a part that is interrupted can go on.
    """

    data: tuple[str, ...]
    grown_data: tuple[str, ...]
    n_samples: int
    hidden_sizes: tuple[int, ...]
    layer_counts: tuple[int, ...]
    fixed_hidden: int
    fixed_layers: int
    n_seeds: int
    epochs: int
    n_orders: int
    first_k: int
    late_k: int
    n_runs: int
    rows: tuple[tuple[str, str, str, int], ...]
    published_hidden: tuple[int, ...]
    published_counts: tuple[int, ...]
    n_draws: int
    plane_count: int
    most_draws: int
    folder: Path = Path("runs")

    @property
    def middle(self) -> tuple[int, int]:
        """The (h, L) that is in both series, of widths and of depths."""
        return self.fixed_hidden, self.fixed_layers

    @property
    def architectures(self) -> list[tuple[int, int]]:
        """All (h, L) without duplicates."""
        by_width = [(h, self.fixed_layers) for h in self.hidden_sizes]
        by_depth = [(self.fixed_hidden, layers) for layers in self.layer_counts]
        return list(dict.fromkeys(by_width + by_depth))

    def along(self, axis: str, rows: list[dict]) -> list[dict]:
        """The rows in which only `axis` ("hidden" or "layers") varies, sorted by it."""
        other = OTHER[axis]
        fixed = {"hidden": self.fixed_hidden, "layers": self.fixed_layers}[other]
        mine = [row for row in rows if row[other] == fixed]
        return sorted(mine, key=lambda row: row[axis])


FULL = Settings(
    data=("MNIST", "Fashion-MNIST", "CIFAR-10", "CIFAR-100"),
    grown_data=("MNIST", "Fashion-MNIST"),
    n_samples=10_000,
    hidden_sizes=(4, 8, 16, 32, 64),
    layer_counts=(1, 3, 5, 7, 10),
    fixed_hidden=16,
    fixed_layers=5,
    n_seeds=5,
    epochs=10,
    n_orders=100,
    first_k=100,
    late_k=1000,
    n_runs=3,
    rows=(
        ("Fashion-MNIST", "128-64", "update", 1),
        ("Fashion-MNIST", "128-64", "converged", 5),
        ("MNIST", "128-64", "update", 1),
        ("MNIST", "128-64", "converged", 5),
        ("MNIST", "128", "update", 1),
        ("MNIST", "128", "converged", 5),
        ("Fashion-MNIST", "128", "update", 1),
        ("Fashion-MNIST", "128", "converged", 5),
    ),
    published_hidden=(256, 256),
    published_counts=(10, 15, 22, 33, 50, 75, 110, 150),
    n_draws=64,
    plane_count=25,
    most_draws=256,
)
SMALL = Settings(
    data=("digits",),
    grown_data=("digits",),
    n_samples=700,
    hidden_sizes=(8, 16),
    layer_counts=(1, 2),
    fixed_hidden=16,
    fixed_layers=1,
    n_seeds=2,
    epochs=4,
    n_orders=10,
    first_k=50,
    late_k=200,
    n_runs=1,
    rows=(("digits", "16", "update", 2), ("digits", "16", "converged", 1)),
    published_hidden=(16, 16),
    published_counts=(3, 5, 8),
    n_draws=16,
    plane_count=5,
    most_draws=128,
)
