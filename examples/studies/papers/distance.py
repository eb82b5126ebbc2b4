"""Paper A, Lemma 2: how |L_{k+1} - L_k| grows with the distance from the weights."""

import numpy as np
import torch

from sufficient.curvature import top_eigenpairs
from sufficient.curvature.objective import Objective
from sufficient.landscape.displaced import losses_at

from .draws import standard_normal
from .ensembles import main_problem, trained
from .settings import Settings

__all__ = ["measure"]

RADII = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
N_RANDOM = 16


def measure(settings: Settings) -> dict:
    """Mean |l_i - L| at several distances from the weights.

    It is measured along the leading eigenvector of the Hessian and along random
    directions.
    """
    data, source = main_problem(settings)
    modules = trained(data, "pixels", settings.middle, settings)
    found = [_heights(module, source, seed) for seed, module in enumerate(modules)]
    hidden, layers = settings.middle
    return {
        "data": data,
        "hidden": hidden,
        "layers": layers,
        "radii": RADII,
        "heights": {
            kind: np.median([one[kind] for one in found], axis=0) for kind in found[0]
        },
    }


def _heights(module, source, seed):
    objective = Objective(module, "cross_entropy")
    draw = standard_normal(objective.n_parameters, N_RANDOM, seed)
    leading = top_eigenpairs(
        module, source.X, source.y, n_directions=1, random_state=seed
    ).eigenvectors
    return {
        "random": _along(objective, source, draw / draw.norm(dim=0)),
        "leading": _along(objective, source, torch.cat([leading, -leading], dim=1)),
    }


def _along(objective, source, directions):
    """Mean |l_i - L| over the directions, for every radius."""
    d = directions.shape[1]
    steps = torch.cat([radius * torch.eye(d) for radius in RADII])
    losses = losses_at(objective, source.X, source.y, directions, steps)
    away = np.abs(losses - losses.mean(axis=1, keepdims=True)).mean(axis=1)
    return away.reshape(len(RADII), d).mean(axis=1)
