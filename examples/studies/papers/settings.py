"""How large everything is."""

from dataclasses import dataclass

__all__ = ["FULL", "SMALL", "Settings"]


@dataclass(frozen=True)
class Settings:
    """Sizes of the experiments.

    Attributes
    ----------
    data : tuple of str
        Data sets of paper A's figures; the first is its main one.
    grown_data : tuple of str
        Data sets of paper B's.
    n_samples : int
        Samples of each, the first in file order.
    hidden_sizes, layer_counts : tuple of int
        Paper A's h, and L: blocks from hidden to hidden layer.
    fixed_hidden, fixed_layers : int
        The h of all L, and the L of all h.
    n_seeds : int
        Networks for each h and L.
    epochs : int
        Passes over the data.
    n_orders : int
        Random orders over which a curve is averaged.
    first_k, late_k : int
        Where fits of slopes begin, and where they begin once more.
    n_runs : int
        Seeds of paper B's runs.
    published_hidden : tuple of int
        Hidden layers of paper B's network as published.
    published_counts : tuple of int
        Batches of 64 at which its code is followed.
    n_draws : int
        Displacements there.
    plane_count : int
        Batches at which many displacements and directions are compared.
    most_draws : int
        Displacements there.
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
    published_hidden: tuple[int, ...]
    published_counts: tuple[int, ...]
    n_draws: int
    plane_count: int
    most_draws: int

    @property
    def architectures(self) -> list[tuple[int, int]]:
        """All (h, L), each once."""
        by_width = [(h, self.fixed_layers) for h in self.hidden_sizes]
        by_depth = [(self.fixed_hidden, layers) for layers in self.layer_counts]
        return list(dict.fromkeys(by_width + by_depth))


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
    published_hidden=(16, 16),
    published_counts=(3, 5, 8),
    n_draws=16,
    plane_count=5,
    most_draws=128,
)
