"""Find out whether a network is a chain of layers of known types."""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import fx, nn
from torch.nn import functional as F  # noqa: N812

from sufficient.curvature.layers.chain import RULES, NamedLayers, first_trained
from sufficient.curvature.layers.rules import height_and_width

__all__ = ["chain_of"]

_MODULES = {
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
    F.dropout: nn.Dropout,
}
_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


def chain_of(module: nn.Module, *, in_training: bool = False) -> NamedLayers | None:
    """The layers whose composition is the network in eval mode.

    Parameters
    ----------
    module : nn.Module
        Never modified: a copy is traced.
    in_training : bool, default=False
        The composition in training instead, where Dropout is no identity.

    Returns
    -------
    list of (str, nn.Module) or None
        Names and layers. None if the network branches, shares weights, has hooks, or
        has a layer of unknown type. A frozen part before all trained layers is one
        layer of any kind, if it has no layers of known types.
    """
    if _has_hooks_or_shared_weights(module):
        return None
    identities = (nn.Identity,) if in_training else (nn.Identity, *_DROPOUTS)
    for tracer in (_Tracer(), _FrozenAsOne()):
        layers = _traced(module, tracer, identities)
        if layers is not None:
            return _pool_before_relu(layers)
    return None


def _traced(module, tracer, identities):
    try:
        # A copy, because tracing runs the user's code, which may change the module.
        nodes = list(tracer.trace(copy.deepcopy(module)).nodes)
        layers = [_layer(module, node) for node in _chain_nodes(nodes)]
        layers = [each for each in layers if not isinstance(each[1], identities)]
        first = first_trained(layers)
    except Exception:  # the user's code can raise anything when traced
        return None
    names = [name for name, _ in layers if name]
    known = all(
        _has_rules(m) or (place < first and tracer.is_whole(m))
        for place, (_, m) in enumerate(layers)
    )
    return layers if known and len(set(names)) == len(names) else None


def _has_rules(module):
    """Whether a layer of this type, with these options, can be linearised."""
    if type(module) is nn.MaxPool2d:
        return _is_tiling(module)
    if type(module) is nn.Conv2d:
        plain = module.groups == 1 and module.padding_mode == "zeros"
        return plain and not isinstance(module.padding, str)
    return type(module) in RULES


def _is_tiling(pool):
    pairs = {
        name: height_and_width(getattr(pool, name))
        for name in ("kernel_size", "stride", "padding", "dilation")
    }
    same = pairs["stride"] == pairs["kernel_size"]
    whole = pairs["padding"] == (0, 0) and pairs["dilation"] == (1, 1)
    return same and whole and not pool.ceil_mode and not pool.return_indices


class _Tracer(fx.Tracer):
    def is_leaf_module(self, m, module_qualified_name):
        known = _has_rules(m) or self.is_whole(m)
        return known or super().is_leaf_module(m, module_qualified_name)

    def is_whole(self, m):
        """Whether a module is one layer, whatever it consists of."""
        return False


class _FrozenAsOne(_Tracer):
    def is_whole(self, m):
        weights = list(m.parameters())
        return bool(weights) and not any(each.requires_grad for each in weights)


def _has_hooks_or_shared_weights(module):
    hooked = any(
        part._forward_hooks or part._forward_pre_hooks for part in module.modules()
    )
    every = list(module.named_parameters(remove_duplicate=False))
    return hooked or len(every) > len(list(module.parameters()))


def _chain_nodes(nodes):
    first, *between, last = nodes
    for before, node in pairwise(nodes):
        if node.args[:1] != (before,) or len(node.all_input_nodes) != 1:
            raise ValueError(f"{node} has other inputs than {before}.")
    if first.op != "placeholder" or last.op != "output":
        raise ValueError("There is more than one input or output.")
    return between


def _layer(module, node):
    if node.op == "call_module":
        return node.target, module.get_submodule(node.target)
    kind = _MODULES[node.target]
    if kind is nn.Dropout:
        return "", kind()
    if kind is nn.Flatten and (*node.args[1:], *node.kwargs.values()) != (1,):
        raise ValueError(f"{node} flattens the axis of the samples.")
    return "", kind(*node.args[1:], **node.kwargs)


def _pool_before_relu(layers):
    """Swap ReLU and max-pooling: they commute, and ReLU is cheaper after pooling."""
    layers = list(layers)
    for i, pair in enumerate(pairwise(layers)):
        if [type(module) for _, module in pair] == [nn.ReLU, nn.MaxPool2d]:
            layers[i], layers[i + 1] = layers[i + 1], layers[i]
    return layers
