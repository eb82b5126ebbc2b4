"""Paper A, figure 1: a loss surface, and how one more sample changes it."""

import numpy as np
import torch

from sufficient.curvature import top_eigenpairs
from sufficient.curvature.objective import Objective
from sufficient.landscape.displaced import losses_at

from .ensembles import main_problem, trained
from .settings import Settings

__all__ = ["measure"]

N_GRID, RADIUS = 21, 1.0


def measure(settings: Settings) -> dict:
    """L_k and L_{k+1} - L_k in the plane of the two leading eigenvectors.

    The same sample is added at every k: the one with the median loss.
    """
    data, source = main_problem(settings)
    module = trained(data, "pixels", settings.middle, settings)[0]
    offsets = np.linspace(-RADIUS, RADIUS, N_GRID)
    losses = _losses(module, source, offsets)
    added = _median_sample(losses[len(losses) // 2])
    rest = np.delete(losses, added, axis=1)
    counts = np.geomspace(settings.first_k, rest.shape[1], 3).round().astype(int)
    means = np.stack([rest[:, :k].mean(axis=1) for k in counts])
    changes = (losses[:, added] - means) / (counts[:, None] + 1)
    hidden, layers = settings.middle
    return {
        "data": data,
        "hidden": hidden,
        "layers": layers,
        "offsets": offsets,
        "k": counts,
        "losses": means.reshape(-1, N_GRID, N_GRID),
        "changes": changes.reshape(-1, N_GRID, N_GRID),
        "root_mean_square": np.sqrt((changes**2).mean(axis=1)),
    }


def _losses(module, source, offsets):
    """Loss of every sample at every point of the grid, of shape (n_points, n)."""
    basis = top_eigenpairs(
        module, source.X, source.y, n_directions=2, random_state=0
    ).eigenvectors
    grid = np.stack(np.meshgrid(offsets, offsets, indexing="ij"), axis=-1)
    points = torch.as_tensor(grid.reshape(-1, 2)).float()
    objective = Objective(module, "cross_entropy")
    return losses_at(objective, source.X, source.y, basis, points)


def _median_sample(losses):
    return int(np.argsort(losses)[len(losses) // 2])
