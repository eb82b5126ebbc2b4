"""The linear layers of a fully connected ReLU network, and their inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from sufficient.inputs import Standardise
from sufficient.nets import MLP
from sufficient.typing import ArrayLike

__all__ = ["ForwardPass", "forward_pass", "linear_layers", "spectral_norms"]

TRANSPARENT = (nn.Flatten, nn.Dropout, nn.Identity)


@dataclass(frozen=True)
class ForwardPass:
    """Inputs of every linear layer for n samples, in float64.

    Attributes
    ----------
    weights : list of Tensor of shape (h_p, h_{p-1})
        Weight matrix of each of the L layers.
    has_bias : list of bool
        Whether the layer has a bias.
    inputs : list of Tensor of shape (n, h_{p-1})
        Inputs of each layer.
    masks : list of Tensor of shape (n, h_p)
        1 where the ReLU after the layer is active, for all layers but the last.
    logits : Tensor of shape (n, n_classes)
        Output of the last layer.
    """

    weights: list[Tensor]
    has_bias: list[bool]
    inputs: list[Tensor]
    masks: list[Tensor]
    logits: Tensor

    @property
    def squared_inputs(self) -> Tensor:
        """``||x^(p)||^2``, plus 1 where the layer has a bias; shape (n, L)."""
        squares = torch.stack([(x**2).sum(dim=1) for x in self.inputs], dim=1)
        return squares + squares.new_tensor([float(b) for b in self.has_bias])


def linear_layers(module: nn.Module) -> list[nn.Linear]:
    """The linear layers of a module, first to last.

    Parameters
    ----------
    module : nn.Module
        `MLP`, ``nn.Linear``, or (nested) ``nn.Sequential`` of alternating Linear and
        ReLU. Flatten, Dropout and Identity are allowed anywhere and ignored, and so is
        the standardisation of the samples at the beginning.

    Returns
    -------
    list of nn.Linear

    Raises
    ------
    ValueError
        If the module is anything else, or if parameters are shared, parametrised or
        outside the linear layers.
    """
    parts = [p for p in _parts(module) if not isinstance(p, TRANSPARENT)]
    if parts and isinstance(parts[0], Standardise):
        parts = parts[1:]
    kinds = [type(part) for part in parts]
    expected = [nn.Linear, nn.ReLU] * (len(kinds) // 2) + [nn.Linear]
    if kinds != expected:
        raise ValueError(
            "The theory holds for fully connected ReLU networks: sufficient.MLP, or "
            "nn.Sequential of Linear, ReLU, Linear, ..., Linear that returns logits "
            "(Flatten, Dropout and Identity may stand in between). Got "
            f"{', '.join(kind.__name__ for kind in kinds) or 'no layers'}."
        )
    layers = [part for part in parts if isinstance(part, nn.Linear)]
    own = [t for layer in layers for t in (layer.weight, layer.bias) if t is not None]
    if [id(p) for p in module.parameters()] != [id(t) for t in own]:
        raise ValueError(
            "Every weight and bias must be a parameter of its own: shared, "
            "parametrised or additional parameters are not supported."
        )
    return layers


def spectral_norms(module: nn.Module, *, with_bias: bool = False) -> np.ndarray:
    r"""Largest singular value of every layer's weight matrix.

    :math:`\lVert W^{(p)} \rVert_2`, or :math:`\lVert [W^{(p)}\, b^{(p)}] \rVert_2` with
    the bias as an additional column.

    Parameters
    ----------
    module : nn.Module
        `MLP` or ``nn.Sequential`` of Linear and ReLU. Convolutions are not supported.
    with_bias : bool, default=False
        Whether to include the biases.

    Returns
    -------
    ndarray of shape (n_layers,)

    Raises
    ------
    ValueError
        If the module is not a fully connected ReLU network.

    Examples
    --------
    >>> import torch
    >>> from sufficient import theory
    >>> net = torch.nn.Linear(2, 2, bias=False)
    >>> _ = net.weight.data.copy_(torch.tensor([[3.0, 0.0], [0.0, 4.0]]))
    >>> theory.spectral_norms(net).tolist()
    [4.0]
    """
    return np.array([_norm(layer, with_bias) for layer in linear_layers(module)])


def forward_pass(module: nn.Module, X: ArrayLike) -> ForwardPass:
    """Forward pass of samples of shape (n, ...), in float64.

    A ReLU whose input is exactly zero counts as inactive, like in torch's derivative.
    """
    layers = linear_layers(module)
    inputs, masks = [_rows(X, module, layers[0])], list[Tensor]()
    for layer in layers[:-1]:
        output = _apply(layer, inputs[-1])
        masks.append((output > 0).to(output))
        inputs.append(output * masks[-1])
    return ForwardPass(
        weights=[layer.weight.detach().double() for layer in layers],
        has_bias=[layer.bias is not None for layer in layers],
        inputs=inputs,
        masks=masks,
        logits=_apply(layers[-1], inputs[-1]),
    )


def _parts(module: nn.Module) -> list[nn.Module]:
    if type(module) is MLP:
        return [*_parts(module.inputs), *_parts(module.layers)]
    if type(module) is nn.Sequential:
        return [part for child in module for part in _parts(child)]
    return [module]


def _norm(layer: nn.Linear, with_bias: bool) -> float:
    matrix = layer.weight.detach().double()
    if with_bias and layer.bias is not None:
        matrix = torch.cat([matrix, layer.bias.detach().double()[:, None]], dim=1)
    return torch.linalg.matrix_norm(matrix, ord=2).item()


def _rows(X: ArrayLike, module: nn.Module, first: nn.Linear) -> Tensor:
    X = torch.as_tensor(X, device=first.weight.device).detach().double()
    rows = X.flatten(1) if X.ndim > 1 else X.reshape(-1, 1)
    if rows.shape[1] != first.in_features:
        raise ValueError(
            f"X has {rows.shape[1]} features, the first layer takes "
            f"{first.in_features}."
        )
    for part in _parts(module):
        if isinstance(part, Standardise):
            rows = part(rows)
    return rows


def _apply(layer: nn.Linear, x: Tensor) -> Tensor:
    output = x @ layer.weight.detach().double().T
    return output if layer.bias is None else output + layer.bias.detach().double()
