"""The real loss of every object at many displaced weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from sufficient.curvature.objective import Objective, chunks

__all__ = ["losses_at"]

CHUNK = 512
PROBE = 64
MOST_TOGETHER = 64
MOST_NUMBERS = 2**24


def losses_at(
    objective: Objective, X: Tensor, y: Tensor, basis: Tensor, offsets: Tensor
) -> np.ndarray:
    """Loss of each object at ``w + P theta`` for every offset theta.

    Layers that see the data themselves are linear in theta, so their outputs at w and
    along the d directions are computed once and serve all offsets.

    Parameters
    ----------
    objective : Objective
        Network and loss.
    X, y : Tensor
        Objects and targets.
    basis : Tensor of shape (n_parameters, d)
        Directions P.
    offsets : Tensor of shape (n_draws, d)
        The theta.

    Returns
    -------
    ndarray of shape (n_draws, n)
    """
    with torch.no_grad():
        names = _layers_on_data(objective, X[:PROBE], basis @ offsets[0])
        parts = [
            (X[rows], y[rows], _along_directions(objective, X[rows], basis, names))
            for rows in chunks(len(X), CHUNK)
        ]
        together = max(1, min(MOST_TOGETHER, MOST_NUMBERS // objective.n_parameters))
        losses = [
            _losses_of_block(objective, parts, basis, block)
            for block in offsets.split(together)
        ]
    return torch.cat(losses).cpu().double().numpy()


def _losses_of_block(objective, parts, basis, offsets):
    """Losses of shape (n_offsets, n), with one matrix product for all offsets."""
    shifted = objective.weights + offsets @ basis.T
    found = []
    for X, y, known in parts:
        outputs = {
            layer: centre + torch.tensordot(offsets, slopes, dims=1)
            for layer, (centre, slopes) in known.items()
        }
        rows = []
        for i, weights in enumerate(shifted):
            with ExitStack() as stack:
                for layer, output in outputs.items():
                    stack.enter_context(_answering(layer, output[i]))
                rows.append(objective.losses(objective.unflatten(weights), X, y))
        found.append(torch.stack(rows))
    return torch.cat(found, dim=1)


def _layers_on_data(objective, X, displacement):
    """Names of the plain linear layers whose input does not depend on the weights.

    Not of convolutions: their outputs are so large that adding them up for every offset
    costs more than convolving anew.
    """
    names = [
        name
        for name, layer in objective.module.named_modules()
        if _is_plain_linear(objective, name, layer)
    ]
    moved = objective.unflatten(objective.weights + displacement)
    here = _inputs_of(objective, objective.parameters, X, names)
    there = _inputs_of(objective, moved, X, names)
    return [
        name
        for name in names
        if len(here[name]) == 1 and torch.equal(here[name][0], there[name][0])
    ]


def _is_plain_linear(objective, name, layer):
    hooked = layer._forward_hooks or layer._forward_pre_hooks
    if type(layer) is not nn.Linear or hooked:
        return False
    # A shared weight is known by its first name only, and its layer is left alone.
    return all(
        _full_name(name, key) in objective.parameters or not parameter.requires_grad
        for key, parameter in layer.named_parameters()
    )


def _along_directions(objective, X, basis, names):
    """Output of each layer at the weights, and its change along each direction."""
    directions = [objective.unflatten(column) for column in basis.T.contiguous()]
    found = {}
    inputs = _inputs_of(objective, objective.parameters, X, names)
    for name, (data,) in inputs.items():
        layer = objective.module.get_submodule(name)
        slopes = [
            functional_call(layer, _own(name, layer, d), (data,)) for d in directions
        ]
        found[layer] = layer(data), torch.stack(slopes)
    return found


def _inputs_of(objective, parameters, X, names):
    """Inputs of the layers in one forward pass: a list of one for each call."""
    seen: dict[str, list[Tensor]] = {name: [] for name in names}

    def keep(name):
        return lambda layer, inputs: seen[name].append(inputs[0])

    with ExitStack() as stack:
        for name in names:
            layer = objective.module.get_submodule(name)
            stack.callback(layer.register_forward_pre_hook(keep(name)).remove)
        if names:
            objective.outputs(parameters, X)
    return seen


def _own(name, layer, direction):
    """The layer's share of a direction; nothing for what is frozen."""
    return {
        key: direction.get(_full_name(name, key), torch.zeros_like(parameter))
        for key, parameter in layer.named_parameters()
    }


def _full_name(name, key):
    return f"{name}.{key}" if name else key


@contextmanager
def _answering(layer: nn.Module, output: Tensor) -> Iterator[None]:
    layer.forward = lambda _: output
    try:
        yield
    finally:
        del layer.forward
