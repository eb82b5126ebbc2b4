"""A network as a chain of layers that are understood, where it is one."""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F  # noqa: N812

from sufficient.curvature.layers import Elementwise, Linearised, MaxPool, Tensors, sides
from sufficient.curvature.weighted import (
    Convolution,
    Dense,
    Displaced,
    DisplacedDense,
    PooledConvolution,
)

__all__ = ["LinearisedChain", "NamedLayers", "chain_of"]

NamedLayers = list[tuple[str, nn.Module]]

_MODULE_OF = {
    torch.relu: nn.ReLU,
    F.relu: nn.ReLU,
    "relu": nn.ReLU,
    torch.tanh: nn.Tanh,
    F.tanh: nn.Tanh,
    "tanh": nn.Tanh,
    torch.sigmoid: nn.Sigmoid,
    F.sigmoid: nn.Sigmoid,
    "sigmoid": nn.Sigmoid,
    F.gelu: nn.GELU,
    F.silu: nn.SiLU,
    F.max_pool2d: nn.MaxPool2d,
    torch.max_pool2d: nn.MaxPool2d,
    torch.flatten: nn.Flatten,
    "flatten": nn.Flatten,
    F.dropout: nn.Identity,
}
_KINDS: dict[type, type[Linearised]] = {
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
_NOTHING = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


def chain_of(module: nn.Module) -> NamedLayers | None:
    """Layers that, one after the other, are the network in eval mode.

    Parameters
    ----------
    module : nn.Module
        Traced as a copy, never modified.

    Returns
    -------
    list of (str, nn.Module) or None
        Names and layers. None where the network branches, shares weights, is changed by
        hooks, or has a layer that is not understood.
    """
    if _is_changed_on_the_way(module):
        return None
    try:
        # Tracing runs the network's own code, which may leave something behind in it.
        nodes = list(_Tracer().trace(copy.deepcopy(module)).nodes)
        layers = [_layer(module, node) for node in _in_a_row(nodes)]
    except Exception:  # of the network's own code, under tracing
        return None
    layers = [each for each in layers if not isinstance(each[1], _NOTHING)]
    names = [name for name, _ in layers if name]
    if len(set(names)) < len(names) or not all(_is_understood(m) for _, m in layers):
        return None
    return _pooled_first(layers)


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
        rules = [_KINDS[type(m)](m, name, parameters) for name, m in layers]
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
            D = layer.signal(D[:, None], None, {})[:, 0]

    def pull_to_first(self, S: Tensor) -> Tensor:
        """Gradients (n, d, ...) with respect to the outputs, at the first layer's."""
        for layer in reversed(self.layers[1:]):
            S = layer.signal(S, None, {})
        return S

    def push(self, V: Tensors) -> list[Tensor]:
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
        changes = [None]
        for layer in self.layers:
            changes.append(layer.tangent(changes[-1], V))
        return changes

    def pull(self, S: Tensor, changes: list, V: Tensors) -> Tensors:
        """Change of the gradient, when that of the outputs' gradient is S."""
        found: Tensors = {}
        for position in range(len(self.layers) - 1, -1, -1):
            layer, R = self.layers[position], changes[position]
            S = layer.laid_out(S)
            found.update(layer.gradients(S, R))
            if position:
                S = layer.signal(S, R, V)
        return found

    @property
    def n_bytes(self) -> int:
        """Memory held, the samples included."""
        held = [value for layer in self.layers for value in vars(layer).values()]
        storages = [t.untyped_storage() for t in held if isinstance(t, Tensor)]
        return sum({each.data_ptr(): each.nbytes() for each in storages}.values())

    def bend(self, changes: list, V: Tensors) -> Tensor | float:
        """Second derivatives of every sample through the layers, (n, d, d)."""
        pairs = zip(self.layers, changes, strict=False)
        bends = [layer.bend(R, V) for layer, R in pairs]
        return sum(bend for bend in bends if bend is not None)


def _is_understood(module):
    """Whether a layer of this kind and with these options can be linearised."""
    if type(module) is nn.MaxPool2d:
        return _tiles(module)
    if type(module) is nn.Conv2d:
        plain = module.groups == 1 and module.padding_mode == "zeros"
        return plain and not isinstance(module.padding, str)
    return type(module) in _KINDS


def _tiles(pool):
    pairs = {
        name: sides(getattr(pool, name))
        for name in ("kernel_size", "stride", "padding", "dilation")
    }
    same = pairs["stride"] == pairs["kernel_size"]
    whole = pairs["padding"] == (0, 0) and pairs["dilation"] == (1, 1)
    return same and whole and not pool.ceil_mode and not pool.return_indices


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m, module_qualified_name):
        return _is_understood(m) or super().is_leaf_module(m, module_qualified_name)


def _is_changed_on_the_way(module):
    hooked = any(
        part._forward_hooks or part._forward_pre_hooks for part in module.modules()
    )
    every = list(module.named_parameters(remove_duplicate=False))
    return hooked or len(every) > len(list(module.parameters()))


def _in_a_row(nodes):
    first, *between, last = nodes
    for before, node in pairwise(nodes):
        if node.args[:1] != (before,) or len(node.all_input_nodes) != 1:
            raise ValueError(f"{node} does not follow on {before} alone.")
    if first.op != "placeholder" or last.op != "output":
        raise ValueError("There is more than one input or output.")
    return between


def _layer(module, node):
    if node.op == "call_module":
        return node.target, module.get_submodule(node.target)
    kind = _MODULE_OF[node.target]
    if kind is nn.Identity:
        return "", kind()
    if kind is nn.Flatten and (*node.args[1:], *node.kwargs.values()) != (1,):
        raise ValueError(f"{node} does not keep the samples apart.")
    return "", kind(*node.args[1:], **node.kwargs)


def _pooled_first(layers):
    """ReLU and max-pooling commute, and after pooling there is less to rectify."""
    layers = list(layers)
    for i, pair in enumerate(pairwise(layers)):
        if [type(module) for _, module in pair] == [nn.ReLU, nn.MaxPool2d]:
            layers[i], layers[i + 1] = layers[i + 1], layers[i]
    return layers


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
