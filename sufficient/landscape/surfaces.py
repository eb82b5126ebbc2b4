"""Mean loss of nested training sets, on a grid in a plane through the weights."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from sklearn.utils import gen_batches
from torch import Tensor

from sufficient.curvature.objective import Objective
from sufficient.data.samples import Samples
from sufficient.landscape.displaced import losses_at
from sufficient.reproducibility.arithmetic import exact_arithmetic

__all__ = ["mean_loss_surfaces"]

# Number of samples whose losses on the whole grid are in memory at a time.
CHUNK = 2048


def mean_loss_surfaces(
    objective: Objective,
    samples: Samples,
    basis: Tensor,
    offsets: np.ndarray,
    ends: np.ndarray,
) -> np.ndarray:
    """Mean loss of the first n samples around the weights, for each n in `ends`.

    Parameters
    ----------
    objective : Objective
        Net and loss.
    samples : Samples
        Samples in the order in which they were added.
    basis : Tensor of shape (n_parameters, 2)
        Two directions.
    offsets : ndarray of shape (n_grid,)
        Displacements along either direction.
    ends : ndarray of shape (n_sets,), increasing
        Sizes of the nested sets.

    Returns
    -------
    ndarray of shape (n_sets, n_grid, n_grid)
    """
    basis = basis.to(objective.weights)
    grid = np.stack(np.meshgrid(offsets, offsets, indexing="ij"), axis=-1)
    points = torch.as_tensor(grid.reshape(-1, 2)).to(basis)

    def total(samples):
        parts = (samples[rows] for rows in gen_batches(len(samples), CHUNK))
        return sum(
            losses_at(objective, part.X, part.targets, basis, points).sum(axis=1)
            for part in parts
        )

    with objective.eval_mode(), exact_arithmetic():
        parts = [total(samples[start:stop]) for start, stop in pairwise([0, *ends])]
    means = np.cumsum(parts, axis=0) / ends[:, None]
    return means.reshape(len(ends), *grid.shape[:2])
