"""Layers that have rules: their derivatives without a recorded graph.

A linearised layer knows its input a, its weights W and, where it was told, the gradient
D of the loss with respect to its output. Along d directions V at once, with R the
change of its input and S the change of D, both with a second axis of length d, it says

- ``tangent``: the change of its output, ``W R + V a``;
- ``input_gradients``: the change of the gradient with respect to its input,
  ``W' S + V' D``;
- ``weight_gradients``: the change of the gradient with respect to W, ``S a' + D R'``;
- ``second_derivatives``: its own part of each sample's Hessian,
  ``D' (V R + R' V')``.

Without D the first three are those of the Gauss-Newton matrix. R is None before the
first layer with weights, because the data do not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

__all__ = ["Elementwise", "Linearised", "MaxPool", "Tensors", "cross", "sides"]

Tensors = dict[str, Tensor]


class Linearised:
    """A layer at its input; here one that only gives it another shape.

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
        """Take the input a, of shape (n, ...), and return the output."""
        output = self._answer(a)
        self.shape_in, self.shape = a.shape[1:], output.shape[1:]
        return output

    def keep_gradient(self, D: Tensor) -> None:
        """Take note of the gradient with respect to the output."""

    def tangent(self, R: Tensor | None, V: Tensors) -> Tensor | None:
        """Change of the output along each direction."""
        return None if R is None else R.reshape(*R.shape[:2], *self.shape)

    def in_memory_format(self, S: Tensor) -> Tensor:
        """The same in the memory format that the layer computes in."""
        return S

    def input_gradients(self, S: Tensor, R: Tensor | None, V: Tensors) -> Tensor:
        """Change of the gradient with respect to the input."""
        return S.reshape(*S.shape[:2], *self.shape_in)

    def weight_gradients(self, S: Tensor, R: Tensor | None) -> Tensors:
        """Change of the gradient with respect to the weights, by name."""
        return {}

    def second_derivatives(self, R: Tensor | None, V: Tensors) -> Tensor | None:
        """Second derivatives of shape (n, d, d); None for zero."""
        return None

    def outputs_at(self, a: Tensor, weights: Tensors) -> Tensor:
        """Outputs at inputs of shape (n_draws, n, ...) and as many weights."""
        return a.reshape(*a.shape[:2], *self.shape)

    def _answer(self, a):
        return self.module(a)


class Elementwise(Linearised):
    """An activation function."""

    D = None

    def _answer(self, a):
        with torch.enable_grad():
            a = a.detach().requires_grad_()
            output = self.module(a * 1 if getattr(self.module, "inplace", 0) else a)
            (slope,) = torch.autograd.grad(output.sum(), a, create_graph=True)
            self.curvature = _derivative(slope, a)
        self.slope = slope.detach()[:, None]
        return output.detach()

    def keep_gradient(self, D):
        if self.curvature is not None:
            self.D = (D * self.curvature)[:, None]

    def tangent(self, R, V):
        if R is None:
            return None
        # Where there is no curvature, nobody asks for R again.
        return R.mul_(self.slope) if self.curvature is None else R * self.slope

    def input_gradients(self, S, R, V):
        S = S.mul_(self.slope)
        return S if self.D is None or R is None else S.addcmul_(self.D, R)

    def second_derivatives(self, R, V):
        return None if self.D is None or R is None else cross(self.D * R, R)

    def outputs_at(self, a, weights):
        return a.relu_() if type(self.module) is nn.ReLU else self.module(a)


class MaxPool(Linearised):
    """Max-pooling over tiles."""

    module: nn.MaxPool2d

    @property
    def area(self) -> int:
        """Numbers in one tile."""
        return prod(sides(self.module.kernel_size))

    def _answer(self, a):
        if a.ndim != 4:
            raise ValueError(f"Samples are not images but {tuple(a.shape[1:])}.")
        size = self.module.kernel_size
        output, places = F.max_pool2d(a, size, return_indices=True)
        self.places = places.flatten(2)[:, None]
        return output.contiguous()

    def tangent(self, R, V):
        if R is None:
            return None
        places = self.places.expand(-1, R.shape[1], -1, -1)
        return super().tangent(R.flatten(3).gather(3, places), V)

    def input_gradients(self, S, R, V):
        spread = S.new_zeros(*S.shape[:3], self.shape_in[1] * self.shape_in[2])
        places = self.places.expand(-1, S.shape[1], -1, -1)
        return super().input_gradients(spread.scatter_(3, places, S.flatten(3)), R, V)

    def outputs_at(self, a, weights):
        # On CPUs ten times as fast as torch's own, which takes one number at a time.
        for axis, size in zip((-2, -1), sides(self.module.kernel_size), strict=True):
            a = reduce(torch.maximum, a.unfold(axis, size, size).unbind(-1))
        return a


def cross(first: Tensor, second: Tensor) -> Tensor:
    """Products of every pair of directions, (n, d, d), from two (n, d, ...)."""
    return first.flatten(2) @ second.flatten(2).mT


def sides(size: int | Sequence[int]) -> tuple[int, ...]:
    """Height and width, given as such or as one number."""
    return (size, size) if isinstance(size, int) else tuple(size)


def _derivative(slope, a):
    if not slope.requires_grad:
        return None
    (second,) = torch.autograd.grad(slope.sum(), a, allow_unused=True)
    return None if second is None or not second.any() else second
