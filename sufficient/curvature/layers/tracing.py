"""Find out whether a network is a chain of layers that have rules."""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import fx, nn
from torch.nn import functional as F  # noqa: N812

from sufficient.curvature.layers.chain import RULES, NamedLayers
from sufficient.curvature.layers.rules import sides

__all__ = ["chain_of"]

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
        hooks, or has a layer that has no rules.
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
    if len(set(names)) < len(names) or not all(_has_rules(m) for _, m in layers):
        return None
    return _pooled_first(layers)


def _has_rules(module):
    """Whether a layer of this kind and with these options can be linearised."""
    if type(module) is nn.MaxPool2d:
        return _tiles(module)
    if type(module) is nn.Conv2d:
        plain = module.groups == 1 and module.padding_mode == "zeros"
        return plain and not isinstance(module.padding, str)
    return type(module) in RULES


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
        return _has_rules(m) or super().is_leaf_module(m, module_qualified_name)


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
