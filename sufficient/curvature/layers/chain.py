"""A network that is a chain of layers, linearised at its weights and some samples."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sufficient.curvature.layers.convolution import Convolution, PooledConvolution
from sufficient.curvature.layers.dense import Dense
from sufficient.curvature.layers.displaced import Displaced, DisplacedDense
from sufficient.curvature.layers.rules import (
    Elementwise,
    Linearised,
    MaxPool,
    OnData,
    Tensors,
)
from sufficient.inputs import Images, Standardise

__all__ = ["RULES", "LinearisedChain", "NamedLayers", "first_trained"]

NamedLayers = list[tuple[str, nn.Module]]

RULES: dict[type, type[Linearised]] = {
    Images: OnData,
    Standardise: OnData,
    nn.Flatten: Linearised,
    nn.Unflatten: Linearised,
    nn.MaxPool2d: MaxPool,
    nn.Linear: Dense,
    Displaced: DisplacedDense,
    nn.Conv2d: Convolution,
    nn.ReLU: Elementwise,
    nn.LeakyReLU: Elementwise,
    nn.ELU: Elementwise,
    nn.GELU: Elementwise,
    nn.SiLU: Elementwise,
    nn.Softplus: Elementwise,
    nn.Tanh: Elementwise,
    nn.Sigmoid: Elementwise,
}


class LinearisedChain:
    """A chain of layers, linearised at its weights and some samples.

    Parameters
    ----------
    layers : list of (str, nn.Module)
        Names and layers, as returned by `chain_of`.
    parameters : dict of Tensor
        Trainable parameters by name.
    X : Tensor of shape (n, ...)
        Samples.

    Attributes
    ----------
    layers : list of Linearised
        The layers, starting with the first one that has trainable weights.
    output : Tensor of shape (n, ...)
        Outputs of the network.
    """

    def __init__(self, layers: NamedLayers, parameters: Tensors, X: Tensor) -> None:
        first = first_trained(layers)
        self.before = [module for _, module in layers[:first]]
        self.layers = _merge_pool(
            [RULES[type(m)](m, name, parameters) for name, m in layers[first:]]
        )
        self.output = self.first_inputs(X)
        for layer in self.layers:
            self.output = layer.forward(self.output)

    def first_inputs(self, X: Tensor) -> Tensor:
        """Inputs of the first layer of `layers` for some samples."""
        with torch.no_grad():
            for module in self.before:
                X = module(X)
        return X

    @property
    def n_activations(self) -> int:
        """Number of outputs of all layers together, for one sample."""
        return sum(layer.shape.numel() for layer in self.layers)

    def keep_gradient(self, D: Tensor) -> None:
        """Backpropagate the gradient D with respect to the outputs; layers store it."""
        D = D.clone()  # layers change it in place
        for layer in reversed(self.layers[1:]):
            layer.keep_gradient(D)
            D = layer.input_gradients(D[:, None], None, {})[:, 0]

    def vjp_at_first_layer(self, S: Tensor) -> Tensor:
        """Backpropagate gradients (n, d, ...) to the outputs of the first layer."""
        for layer in reversed(self.layers[1:]):
            S = layer.input_gradients(S, None, {})
        return S

    def jvp(self, V: Tensors) -> list[Any]:
        """Derivatives of every layer's input, and of the outputs, along d directions.

        Parameters
        ----------
        V : dict of Tensor of shape (d, ...)
            Directions of the trainable parameters, by name.

        Returns
        -------
        list
            None for the first layer, whose input is constant. Then tensors of shape
            (n, d, ...): one for each later layer, and one for the outputs.
        """
        changes: list[Any] = [None]
        for layer in self.layers:
            changes.append(layer.tangent(changes[-1], V))
        return changes

    def hessian_product(self, S: Tensor, changes: list[Any], V: Tensors) -> Tensors:
        """Derivatives of the gradient along V, by name of the parameter.

        Parameters
        ----------
        S : Tensor of shape (n, d, ...)
            Derivatives of the gradient with respect to the outputs.
        changes : list
            Derivatives of the inputs, as returned by `jvp`.
        V : dict of Tensor of shape (d, ...)
            The directions.
        """
        found: Tensors = {}
        for position in range(len(self.layers) - 1, -1, -1):
            layer, R = self.layers[position], changes[position]
            S = layer.in_memory_format(S)
            found.update(layer.weight_gradients(S, R))
            if position:
                S = layer.input_gradients(S, R, V)
        return found

    @property
    def n_bytes(self) -> int:
        """Bytes of all tensors that are stored, including the samples."""
        held = [value for layer in self.layers for value in vars(layer).values()]
        storages = [t.untyped_storage() for t in held if isinstance(t, Tensor)]
        return sum({each.data_ptr(): each.nbytes() for each in storages}.values())

    def second_derivatives(self, changes: list[Any], V: Tensors) -> Tensor | float:
        """Sum over the layers of each sample's second derivatives, (n, d, d)."""
        pairs = zip(self.layers, changes, strict=False)
        found = [layer.second_derivatives(R, V) for layer, R in pairs]
        return sum(each for each in found if each is not None)


def _merge_pool(rules):
    """Merge a first convolution with the max-pooling that follows it.

    Only if the image patches do not take much more memory than the images.
    """
    if len(rules) < 2 or type(rules[0]) is not Convolution:
        return rules
    first, pool, *rest = rules
    small = isinstance(pool, MaxPool) and first.fan_in <= 4 * pool.area
    if not small or not first.trained[0]:
        return rules
    return [PooledConvolution(first, pool), *rest]


def first_trained(layers: NamedLayers) -> int:
    """Position of the first layer with trainable weights."""
    return next(
        place
        for place, (_, module) in enumerate(layers)
        if any(each.requires_grad for each in module.parameters())
    )
