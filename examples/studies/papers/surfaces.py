"""Paper A, figure 1: a loss surface, and what one more sample changes of it."""

import numpy as np
import torch

from sufficient.curvature import top_eigenpairs
from sufficient.curvature.objective import Objective
from sufficient.landscape.displaced import losses_at

from .data import available, problem
from .ensembles import trained
from .settings import Settings

__all__ = ["measure"]

N_GRID, RADIUS = 21, 1.0


def measure(settings: Settings) -> dict:
    """L_k and L_{k+1} - L_k in the plane of the two leading eigenvectors.

    The sample that comes next is the same at every k: the one of median loss.
    """
    data = available(settings.data)[0]
    shape = (settings.fixed_hidden, settings.fixed_layers)
    source = problem(data, "pixels", settings.n_samples)
    module = trained(data, "pixels", shape, settings)[0]
    basis = top_eigenpairs(
        module, source.X, source.y, n_directions=2, random_state=0
    ).eigenvectors
    offsets = np.linspace(-RADIUS, RADIUS, N_GRID)
    grid = np.stack(np.meshgrid(offsets, offsets, indexing="ij"), axis=-1)
    points = torch.as_tensor(grid.reshape(-1, 2)).float()
    objective = Objective(module, "cross_entropy")
    losses = losses_at(objective, source.X, source.y, basis, points)
    upcoming = _median_sample(losses[len(losses) // 2])
    rest = np.delete(losses, upcoming, axis=1)
    counts = np.geomspace(settings.first_k, rest.shape[1], 3).round().astype(int)
    means = np.stack([rest[:, :k].mean(axis=1) for k in counts])
    changes = (losses[:, upcoming] - means) / (counts[:, None] + 1)
    as_grid = (len(counts), N_GRID, N_GRID)
    return {
        "data": data,
        "hidden": shape[0],
        "layers": shape[1],
        "offsets": offsets,
        "k": counts,
        "losses": means.reshape(as_grid),
        "changes": changes.reshape(as_grid),
        "root_mean_square": np.sqrt((changes**2).mean(axis=1)),
    }


def _median_sample(losses):
    return int(np.argsort(losses)[len(losses) // 2])
