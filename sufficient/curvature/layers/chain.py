"""A network as a chain of layers, at its weights and at some samples."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sufficient.curvature.layers.convolution import Convolution, PooledConvolution
from sufficient.curvature.layers.dense import Dense
from sufficient.curvature.layers.displaced import Displaced, DisplacedDense
from sufficient.curvature.layers.rules import Elementwise, Linearised, MaxPool, Tensors

__all__ = ["RULES", "LinearisedChain", "NamedLayers"]

NamedLayers = list[tuple[str, nn.Module]]

RULES: dict[type, type[Linearised]] = {
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
    """A chain at its weights and at some samples.

    Parameters
    ----------
    layers : list of (str, nn.Module)
        What `chain_of` found.
    parameters : dict of Tensor
        Trainable parameters by name.
    X : Tensor of shape (n, ...)
        Samples.

    Attributes
    ----------
    layers : list of Linearised
        From the first one with trainable weights on.
    output : Tensor of shape (n, ...)
        Outputs of the network.
    """

    def __init__(self, layers: NamedLayers, parameters: Tensors, X: Tensor) -> None:
        rules = [RULES[type(m)](m, name, parameters) for name, m in layers]
        first = next(i for i, rule in enumerate(rules) if _is_trained(rule))
        self.before = [module for _, module in layers[:first]]
        self.layers = _with_pool(rules[first:])
        self.output = self.enter(X)
        for layer in self.layers:
            self.output = layer.forward(self.output)

    def enter(self, X: Tensor) -> Tensor:
        """What the first layer of `layers` sees of the samples."""
        with torch.no_grad():
            for module in self.before:
                X = module(X)
        return X

    @property
    def width(self) -> int:
        """Numbers that the layers answer for one sample, all together."""
        return sum(layer.shape.numel() for layer in self.layers)

    def keep_gradient(self, D: Tensor) -> None:
        """Take note of the gradient with respect to the outputs, and pull it back."""
        D = D.clone()  # layers change it where it lies
        for layer in reversed(self.layers[1:]):
            layer.keep_gradient(D)
            D = layer.input_gradients(D[:, None], None, {})[:, 0]

    def vjp_at_first_layer(self, S: Tensor) -> Tensor:
        """Gradients (n, d, ...) with respect to the outputs, at the first layer's."""
        for layer in reversed(self.layers[1:]):
            S = layer.input_gradients(S, None, {})
        return S

    def jvp(self, V: Tensors) -> list[Any]:
        """Change of each layer's input along d directions, and of the outputs.

        Parameters
        ----------
        V : dict of Tensor of shape (d, ...)
            Directions of the trainable parameters, by name.

        Returns
        -------
        list
            None, then tensors of shape (n, d, ...).
        """
        changes: list[Any] = [None]
        for layer in self.layers:
            changes.append(layer.tangent(changes[-1], V))
        return changes

    def hessian_product(self, S: Tensor, changes: list[Any], V: Tensors) -> Tensors:
        """Change of the gradient, when that of the outputs' gradient is S."""
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
        """Memory held, the samples included."""
        held = [value for layer in self.layers for value in vars(layer).values()]
        storages = [t.untyped_storage() for t in held if isinstance(t, Tensor)]
        return sum({each.data_ptr(): each.nbytes() for each in storages}.values())

    def second_derivatives(self, changes: list[Any], V: Tensors) -> Tensor | float:
        """Second derivatives of every sample through the layers, (n, d, d)."""
        pairs = zip(self.layers, changes, strict=False)
        found = [layer.second_derivatives(R, V) for layer, R in pairs]
        return sum(each for each in found if each is not None)


def _with_pool(rules):
    """The same with a first convolution and the pooling behind it in one.

    Unless its patches would take much more memory than the images.
    """
    if len(rules) < 2 or type(rules[0]) is not Convolution:
        return rules
    first, behind, *rest = rules
    small = isinstance(behind, MaxPool) and first.fan_in <= 4 * behind.area
    if not small or not first.trained[0]:
        return rules
    return [PooledConvolution(first, behind), *rest]


def _is_trained(layer):
    return any(getattr(layer, "trained", ()))
