"""Derivatives of layers, computed by a rule for each kind of layer.

A linearised layer stores its input a, its weights W and, after `keep_gradient`, the
gradient D of the loss with respect to its output. Take d directions V of the weights.
Let R be the derivative of the input and S the derivative of D along each of them, both
with a second axis of length d. The layer computes

- ``tangent``: the derivative of its output, ``W R + V a``;
- ``input_gradients``: the derivative of the gradient with respect to its input,
  ``W' S + V' D``;
- ``weight_gradients``: the derivative of the gradient with respect to W,
  ``S a' + D R'``;
- ``second_derivatives``: its term of each sample's Hessian, ``D' (V R + R' V')``.

Without D the first three belong to the Gauss-Newton matrix. R is None up to the first
layer with weights, because its input does not depend on the weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

__all__ = [
    "Elementwise",
    "Linearised",
    "MaxPool",
    "OnData",
    "Tensors",
    "height_and_width",
    "pairwise_products",
]

Tensors = dict[str, Tensor]
# Their second derivatives need not be computed to be known.
PIECEWISE_LINEAR = (nn.ReLU, nn.LeakyReLU)


class Linearised:
    """A layer linearised at its input; this base class is a layer that only reshapes.

    Parameters
    ----------
    module : nn.Module
        The layer.
    name : str
        Its name in the network.
    parameters : dict of Tensor
        Trainable parameters of the network by name.
    """

    def __init__(self, module: nn.Module, name: str, parameters: Tensors) -> None:
        self.module = module

    def forward(self, a: Tensor) -> Tensor:
        """Return the output for inputs (n, ...); store what the derivatives need."""
        output = self._forward(a)
        self.shape_in, self.shape = a.shape[1:], output.shape[1:]
        return output

    def keep_gradient(self, D: Tensor) -> None:
        """Store the gradient with respect to the output."""

    def tangent(self, R: Tensor | None, V: Tensors) -> Tensor | None:
        """Derivative of the output along each direction."""
        return None if R is None else R.reshape(*R.shape[:2], *self.shape)

    def in_memory_format(self, S: Tensor) -> Tensor:
        """S in the memory format in which the layer computes."""
        return S

    def input_gradients(self, S: Tensor, R: Tensor | None, V: Tensors) -> Tensor:
        """Derivative of the gradient with respect to the input."""
        return S.reshape(*S.shape[:2], *self.shape_in)

    def weight_gradients(self, S: Tensor, R: Tensor | None) -> Tensors:
        """Derivative of the gradient with respect to the weights, by name."""
        return {}

    def second_derivatives(self, R: Tensor | None, V: Tensors) -> Tensor | None:
        """Term of each sample's Hessian, of shape (n, d, d); None for zero."""
        return None

    def outputs_at(self, a: Tensor, weights: Tensors) -> Tensor:
        """Outputs for inputs (n_draws, n, ...), each draw with its own weights."""
        if a.ndim > 4:
            # Draws first in memory, then the rest: less skipping than both at once.
            a = a.movedim(2, -1).contiguous().movedim(-1, 2)
        return a.reshape(*a.shape[:2], *self.shape)

    def _forward(self, a):
        return self.module(a)


class OnData(Linearised):
    """A layer that is applied to the data, before the first trained weights."""

    def _forward(self, a):
        raise ValueError(f"{type(self.module).__name__} stands after trained weights.")


class Elementwise(Linearised):
    """An activation function."""

    D = None

    def _forward(self, a):
        with torch.enable_grad():
            a = a.detach().requires_grad_()
            output = self.module(a * 1 if getattr(self.module, "inplace", 0) else a)
            curved = not isinstance(self.module, PIECEWISE_LINEAR)
            (slope,) = torch.autograd.grad(output.sum(), a, create_graph=curved)
            self.curvature = _derivative(slope, a)
        self.slope = slope.detach()[:, None]
        return output.detach()

    def keep_gradient(self, D):
        if self.curvature is not None:
            self.D = (D * self.curvature)[:, None]

    def tangent(self, R, V):
        if R is None:
            return None
        # In place without curvature: `input_gradients` does not need R then.
        return R.mul_(self.slope) if self.curvature is None else R * self.slope

    def input_gradients(self, S, R, V):
        S = S.mul_(self.slope)
        return S if self.D is None or R is None else S.addcmul_(self.D, R)

    def second_derivatives(self, R, V):
        return None if self.D is None or R is None else pairwise_products(self.D * R, R)

    def outputs_at(self, a, weights):
        return a.relu_() if type(self.module) is nn.ReLU else self.module(a)


class MaxPool(Linearised):
    """Max-pooling over tiles that do not overlap."""

    module: nn.MaxPool2d

    @property
    def area(self) -> int:
        """Number of pixels in one tile."""
        return prod(height_and_width(self.module.kernel_size))

    def _forward(self, a):
        if a.ndim != 4:
            raise ValueError(f"Samples are not images but {tuple(a.shape[1:])}.")
        size = self.module.kernel_size
        output, indices = F.max_pool2d(a, size, return_indices=True)
        self.indices = indices.flatten(2)[:, None]
        return output.contiguous()

    def tangent(self, R, V):
        if R is None:
            return None
        indices = self.indices.expand(-1, R.shape[1], -1, -1)
        return super().tangent(R.flatten(3).gather(3, indices), V)

    def input_gradients(self, S, R, V):
        n_pixels = self.shape_in[1] * self.shape_in[2]
        # Channels last in memory, as the convolution before takes them.
        spread = S.new_zeros(*S.shape[:2], n_pixels, S.shape[2]).mT
        indices = self.indices.expand(-1, S.shape[1], -1, -1)
        return super().input_gradients(spread.scatter_(3, indices, S.flatten(3)), R, V)

    def outputs_at(self, a, weights):
        # On CPUs ten times as fast as torch's max-pooling.
        for axis, size in zip(
            (-2, -1), height_and_width(self.module.kernel_size), strict=True
        ):
            a = reduce(torch.maximum, a.unfold(axis, size, size).unbind(-1))
        return a


def pairwise_products(first: Tensor, second: Tensor) -> Tensor:
    """Inner products (n, d, d) of two tensors (n, d, ...), for all pairs of rows."""
    rows, others = (each.reshape(*each.shape[:2], -1) for each in (first, second))
    return rows @ others.mT


def height_and_width(size: int | Sequence[int]) -> tuple[int, ...]:
    """Height and width from a pair, or from one number for both."""
    return (size, size) if isinstance(size, int) else tuple(size)


def _derivative(slope, a):
    if not slope.requires_grad:
        return None
    (second,) = torch.autograd.grad(slope.sum(), a, allow_unused=True)
    return None if second is None or not second.any() else second
