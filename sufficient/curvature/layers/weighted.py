"""What layers with weights have in common: linear in input and in weights."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from sufficient.curvature.layers.rules import Linearised, Tensors, cross

__all__ = ["Weighted"]

KEYS = ("weight", "bias")


class Weighted(Linearised, ABC):
    """A layer that is linear in its input and, but for a constant, in its weights."""

    D = None

    def __init__(self, module: nn.Module, name: str, parameters: Tensors) -> None:
        super().__init__(module, name, parameters)
        self.names = tuple(f"{name}.{key}".lstrip(".") for key in KEYS)
        self.trained = [full in parameters for full in self.names]
        weight, bias = (
            parameters.get(full, getattr(module, key))
            for full, key in zip(self.names, KEYS, strict=True)
        )
        self.W = weight.detach()
        self.b = None if bias is None else bias.detach()

    @property
    def fan_in(self) -> int:
        """Numbers that enter one output."""
        return self.W[0].numel()

    def keep_gradient(self, D):
        self.D = D

    def tangent(self, R, V):
        V_weight, V_bias = map(V.get, self.names)
        change = None
        if V_weight is not None:
            change = self._weigh(self.a, V_weight.flatten(0, 1))
            change = change.unflatten(1, V_weight.shape[:2])
        if R is not None:
            change = _for_each(self._weigh, R, self.W, change)
        if V_bias is None:
            return change
        shift = self._over_places(V_bias)
        if change is None:
            return shift.expand(len(self.a), -1, *self.shape).clone()
        return change.add_(shift)

    def input_gradients(self, S, R, V):
        return _for_each(self._pull, S, self.W, self._turned(V))

    def weight_gradients(self, S, R):
        found = {}
        if self.trained[0]:
            change = self._outer(S.flatten(1, 2), self.a).unflatten(0, S.shape[1:3])
            if self.D is not None and R is not None:
                other = self._outer(self.D, R.flatten(1, 2))
                change += other.unflatten(1, R.shape[1:3]).transpose(0, 1)
            found[self.names[0]] = change
        if self.trained[1]:
            found[self.names[1]] = S.flatten(3).sum((0, 3)) if S.ndim > 3 else S.sum(0)
        return found

    def second_derivatives(self, R, V):
        turned = self._turned(V)
        if turned is None or R is None:
            return None
        mixed = cross(turned, R)
        return mixed + mixed.mT

    def outputs_at(self, a, weights):
        W, b = (
            _repeated(here, len(a)) if there is None else there
            for here, there in (
                (self.W, weights.get(self.names[0])),
                (self.b, weights.get(self.names[1])),
            )
        )
        return self._weigh_each(a, W, b)

    @abstractmethod
    def _weigh(self, a: Tensor, W: Tensor, into: Tensor | None = None) -> Tensor:
        """Outputs at the input a but for the bias, added to what there is."""

    @abstractmethod
    def _pull(self, D: Tensor, W: Tensor, into: Tensor | None = None) -> Tensor:
        """Gradients with respect to the input, added to what there is."""

    @abstractmethod
    def _outer(self, D: Tensor, a: Tensor) -> Tensor:
        """Gradient with respect to the weights, summed over the samples."""

    @abstractmethod
    def _weigh_each(self, a: Tensor, W: Tensor, b: Tensor | None) -> Tensor:
        """Outputs at inputs of which each has weights of its own."""

    @abstractmethod
    def _over_places(self, b: Tensor) -> Tensor:
        """A bias in the shape of the outputs it is added to."""

    def _answer(self, a):
        self.a = a
        output = self._weigh(a, self.W)
        return output if self.b is None else output.add_(self._over_places(self.b))

    def _turned(self, V):
        """V' D, the gradient with respect to the input as the weights change."""
        change = V.get(self.names[0])
        if self.D is None or change is None:
            return None
        turned = self._pull(self.D, change.transpose(0, 1).flatten(1, 2))
        return turned.unflatten(1, (len(change), -1))


def _for_each(function, changes, W, total):
    """Function of the change along each direction, added to what there is."""
    into = None if total is None else total.flatten(0, 1)
    return function(changes.flatten(0, 1), W, into).unflatten(0, changes.shape[:2])


def _repeated(tensor, times):
    return None if tensor is None else tensor.expand(times, *tensor.shape)
