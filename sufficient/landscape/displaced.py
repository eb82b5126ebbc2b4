"""The loss of every sample at many displaced weights."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from torch import Tensor

from sufficient.curvature.layers.chain import LinearisedChain
from sufficient.curvature.layers.dense import Dense
from sufficient.curvature.memory import Chunks
from sufficient.curvature.objective import Objective
from sufficient.sample_weights import Targets
from sufficient.typing import Rows

__all__ = ["losses_at"]

CHUNK = 512
SAMPLES_TIMES_DRAWS = 2**14
MAX_NUMBERS = 2**24
FEW = 4


def losses_at(
    objective: Objective, X: Rows, y: Targets, basis: Tensor, offsets: Tensor
) -> np.ndarray:
    """Loss of each sample at ``w + P theta`` for every offset theta.

    If the network is a chain of layers, all offsets are evaluated together. The outputs
    of a fully connected first layer are linear in theta. So they are computed once, at
    w and along the d directions, for all offsets. Those of a first convolution come
    from one matrix product with the filters of all offsets.

    Parameters
    ----------
    objective : Objective
        Network and loss.
    X, y : Rows, Targets
        Samples and targets.
    basis : Tensor of shape (n_parameters, d)
        Directions P.
    offsets : Tensor of shape (n_draws, d)
        Displacements theta.

    Returns
    -------
    ndarray of shape (n_draws, n)
    """
    one_block, most = _each_draw, objective.n_parameters
    layers = objective.layers(X)
    if layers is not None:
        chain = LinearisedChain(layers, objective.parameters, X[:1])
        one_block = partial(_through_layers, chain)
        most = max(most, chain.n_activations)
    size = max(1, min(len(offsets), MAX_NUMBERS // most))
    with torch.no_grad():
        losses = [
            one_block(objective, X, y, basis, block) for block in offsets.split(size)
        ]
    return torch.cat(losses).cpu().double().numpy()


def _each_draw(objective, X, y, basis, offsets):
    def at(weights):
        parameters = objective.unflatten(weights)
        return lambda part: objective.losses(parameters, X[part], y[part])

    displaced = objective.weights + offsets @ basis.T
    over_chunks = Chunks(CHUNK).map
    return torch.stack([torch.cat([*over_chunks(at(w), len(X))]) for w in displaced])


def _through_layers(chain, objective, X, y, basis, offsets):
    weights = objective.unflatten(objective.weights + offsets @ basis.T)
    directions = objective.unflatten(basis.T.contiguous())

    def of_chunk(rows):
        outputs, layers = _first_outputs(chain, X[rows], offsets, weights, directions)
        outputs = _outputs_at(layers, outputs, weights)
        targets = y[rows].repeat(len(offsets), *[1] * (y.ndim - 1))
        losses = objective.loss(outputs.flatten(0, 1), targets)
        return losses.unflatten(0, (len(offsets), -1))

    most = min(SAMPLES_TIMES_DRAWS, MAX_NUMBERS // chain.n_activations)
    parts = Chunks(max(1, most // len(offsets))).map(of_chunk, len(X))
    return torch.cat([*parts], dim=1)


def _first_outputs(chain, X, offsets, weights, directions):
    """Outputs (n_draws, n, ...) at every offset, and the layers that come after."""
    first, data = chain.layers[0], chain.first_inputs(X)
    if not isinstance(first, Dense):
        # A few at a time, as their images at all draws fit in the cache of a CPU.
        images, rest = _split_at_dense(chain.layers)
        few = [_outputs_at(images, part[None], weights) for part in data.split(FEW)]
        return torch.cat(few, 1), rest
    centre = first.forward(data)
    changes = first.tangent(None, directions).transpose(0, 1).flatten(1)
    moved = torch.addmm(centre.reshape(1, -1), offsets, changes)
    return moved.unflatten(1, centre.shape), chain.layers[1:]


def _split_at_dense(layers):
    dense = (i for i, layer in enumerate(layers) if isinstance(layer, Dense))
    place = next(dense, len(layers))
    return layers[:place], layers[place:]


def _outputs_at(layers, outputs, weights):
    for layer in layers:
        outputs = layer.outputs_at(outputs, weights)
    return outputs
