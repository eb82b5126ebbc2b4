"""Compare what paper B's published code computes with what the paper defines.

The code trains the network once, on all batches, and measures growing subsets at these
weights. It draws displacements in ten directions, but applies only the first direction
to the network. Here, displacements in the first direction and in all ten are measured.
"""

from functools import cache

import numpy as np
import torch
from torch import Tensor

from sufficient.curvature import top_eigenpairs
from sufficient.curvature.objective import Objective
from sufficient.landscape.delta import eigenvalue_delta
from sufficient.landscape.displaced import losses_at
from sufficient.nets import default_net
from sufficient.reproducibility.seeds import seeded

from .data import available, problem
from .draws import standard_normal
from .settings import Settings

__all__ = ["BATCH", "Published", "measure", "published_network"]

BATCH, N_DIRECTIONS, EPOCHS, SIGMA = 64, 10, 10, 1.0
# Mean and deviation by which the code standardises pixels in [0, 1].
MEAN, DEVIATION = 0.1307, 0.3081


class Published:
    """The network of the published code, and its samples in file order."""

    def __init__(self, data: str, settings: Settings) -> None:
        source = problem(data, "pixels", settings.n_samples)
        n = len(source.y) // BATCH * BATCH
        self.X = ((source.X[:n] + 1) / 2 - MEAN) / DEVIATION
        self.y = source.y[:n]
        self.module = self._fitted(source.n_classes, settings)
        self.objective = Objective(self.module, "cross_entropy")

    def _fitted(self, n_classes, settings):
        sizes = {"n_inputs": self.X.shape[1], "n_outputs": n_classes}
        sizes["hidden_sizes"] = settings.published_hidden
        params = {f"module__{name}": value for name, value in sizes.items()}
        net = default_net("mlp", max_epochs=EPOCHS, **params)
        with seeded(0):
            return net.fit(self.X.numpy(), self.y.numpy()).module_.eval()

    def leading(self, k: int, n_directions: int = N_DIRECTIONS):
        """Eigenpairs of the Hessian of the first k batches."""
        X, y = self.X[: k * BATCH], self.y[: k * BATCH]
        how = {"n_directions": n_directions, "random_state": 0}
        return top_eigenpairs(self.module, X, y, **how)

    def leading_and_shifts(self, k: int, n_directions: int = N_DIRECTIONS):
        """Eigenpairs at k batches, and changes of the eigenvalues by the next batch."""
        now, grown = (self.leading(count, n_directions) for count in (k, k + 1))
        return now, grown.eigenvalues - now.eigenvalues

    def increments(self, k: int, basis: Tensor, theta: Tensor) -> np.ndarray:
        """L_{k+1} - L_k at every displacement, of shape (n_draws,)."""
        n = k * BATCH
        X, y = self.X[: n + BATCH], self.y[: n + BATCH]
        losses = losses_at(self.objective, X, y, basis, theta)
        return losses.mean(axis=1) - losses[:, :n].mean(axis=1)


@cache
def published_network(data: str, settings: Settings) -> Published:
    """The network, trained once."""
    return Published(data, settings)


def measure(settings: Settings) -> dict:
    """Delta in one and in all directions, and formula (2), along k."""
    data = available(settings.grown_data)[0]
    network = published_network(data, settings)
    counts = settings.published_counts
    rows = [_row(network, k, settings.n_draws) for k in counts]
    one, all_, formula = (
        np.array([row[name] for row in rows]) for name in ("one", "all", "formula")
    )
    ratio = all_ / one
    return {
        "data": data,
        "n_draws": settings.n_draws,
        "rows": rows,
        "all_over_one": {
            "geometric_mean": np.exp(np.mean(np.log(ratio))),
            "lowest": ratio.min(),
            "highest": ratio.max(),
        },
        "formula_over_one": np.median(formula / one),
        "formula_over_all": np.median(formula / all_),
        "formula_above_one": (formula > one).mean(),
        "formula_above_all": (formula > all_).mean(),
    }


def _row(network, k, n_draws):
    now, shifts = network.leading_and_shifts(k)
    theta = SIGMA * standard_normal(n_draws, N_DIRECTIONS)
    first_only = theta * (torch.arange(N_DIRECTIONS) == 0)
    squares = {
        "one": network.increments(k, now.eigenvectors, first_only) ** 2,
        "all": network.increments(k, now.eigenvectors, theta) ** 2,
    }
    return {
        "k": k,
        "formula": eigenvalue_delta(shifts, SIGMA),
        "formula_first_only": eigenvalue_delta(shifts[:1], SIGMA),
        **{name: values.mean() for name, values in squares.items()},
        **{f"{n}_std_err": standard_error(values) for n, values in squares.items()},
    }


def standard_error(values: np.ndarray) -> float:
    """Standard error of the mean of independent values."""
    return values.std(ddof=1) / np.sqrt(len(values))
