"""Paper A, Lemma 2: how |L_{k+1} - L_k| grows with the distance from the weights."""

import numpy as np
import torch

from sufficient.curvature import top_eigenpairs
from sufficient.curvature.objective import Objective
from sufficient.landscape.displaced import losses_at

from .data import available, problem
from .ensembles import trained
from .settings import Settings

__all__ = ["measure"]

RADII = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
N_RANDOM = 16


def measure(settings: Settings) -> dict:
    """Mean |l_i - L| at distances from the weights, along two kinds of direction."""
    data = available(settings.data)[0]
    shape = (settings.fixed_hidden, settings.fixed_layers)
    source = problem(data, "pixels", settings.n_samples)
    modules = trained(data, "pixels", shape, settings)
    found = [_heights(module, source, seed) for seed, module in enumerate(modules)]
    heights = {
        kind: np.median([one[kind] for one in found], axis=0) for kind in found[0]
    }
    return {
        "data": data,
        "hidden": shape[0],
        "layers": shape[1],
        "radii": RADII,
        "heights": heights,
    }


def _heights(module, source, seed):
    objective = Objective(module, "cross_entropy")
    draw = torch.randn(
        objective.n_parameters,
        N_RANDOM,
        generator=torch.Generator().manual_seed(seed),
    )
    leading = top_eigenpairs(
        module, source.X, source.y, n_directions=1, random_state=seed
    ).eigenvectors
    return {
        "random": _along(objective, source, draw / draw.norm(dim=0)),
        "leading": _along(objective, source, torch.cat([leading, -leading], dim=1)),
    }


def _along(objective, source, directions):
    """Averaged over the directions, for every radius."""
    d = directions.shape[1]
    steps = torch.cat([radius * torch.eye(d) for radius in RADII])
    losses = losses_at(objective, source.X, source.y, directions, steps)
    away = np.abs(losses - losses.mean(axis=1, keepdims=True)).mean(axis=1)
    return away.reshape(len(RADII), d).mean(axis=1)
