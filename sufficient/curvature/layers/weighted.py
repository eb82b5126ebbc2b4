"""Base class of layers that are linear in their input and in their weights."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from sufficient.curvature.layers.rules import Linearised, Tensors, pairwise_products

__all__ = ["Weighted"]

KEYS = ("weight", "bias")


class Weighted(Linearised, ABC):
    """A layer with weights W and bias b: ``W a + b``, with a product or convolution."""

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
        """Number of inputs of one output."""
        return self.W[0].numel()

    def keep_gradient(self, D):
        self.D = D

    def tangent(self, R, V):
        V_weight, V_bias = map(V.get, self.names)
        change = None
        if V_weight is not None:
            change = self._linear(self.a, V_weight.flatten(0, 1))
            change = change.unflatten(1, V_weight.shape[:2])
        if R is not None:
            change = _along_directions(self._linear, R, self.W, change)
        if V_bias is None:
            return change
        shift = self._spread_bias(V_bias)
        if change is None:
            return shift.expand(len(self.a), -1, *self.shape).clone()
        return change.add_(shift)

    def input_gradients(self, S, R, V):
        return _along_directions(self._transposed, S, self.W, self._vjp_along(V))

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
        vjp = self._vjp_along(V)
        if vjp is None or R is None:
            return None
        mixed = pairwise_products(vjp, R)
        return mixed + mixed.mT

    def outputs_at(self, a, weights):
        return self._linear_each(a, *self.weights_at(weights, len(a)))

    def weights_at(
        self, weights: Tensors, n_draws: int
    ) -> tuple[Tensor, Tensor | None]:
        """Weights and biases of every draw, from those that are trained."""
        W, b = (
            _expanded(own, n_draws) if given is None else given
            for own, given in (
                (self.W, weights.get(self.names[0])),
                (self.b, weights.get(self.names[1])),
            )
        )
        return W, b

    @abstractmethod
    def _linear(self, a: Tensor, W: Tensor, into: Tensor | None = None) -> Tensor:
        """``W a``, without the bias; added to `into` if it is given."""

    @abstractmethod
    def _transposed(self, D: Tensor, W: Tensor, into: Tensor | None = None) -> Tensor:
        """``W' D``, the gradient with respect to the input; added to `into`."""

    @abstractmethod
    def _outer(self, D: Tensor, a: Tensor) -> Tensor:
        """``D a'``, the gradient with respect to the weights, summed over samples."""

    @abstractmethod
    def _linear_each(self, a: Tensor, W: Tensor, b: Tensor | None) -> Tensor:
        """``W a + b`` for several inputs, each with its own weights and bias."""

    @abstractmethod
    def _spread_bias(self, b: Tensor) -> Tensor:
        """The bias with axes of length 1, so that it broadcasts over the outputs."""

    def _forward(self, a):
        self.a = a
        output = self._linear(a, self.W)
        return output if self.b is None else output.add_(self._spread_bias(self.b))

    def _vjp_along(self, V):
        """``V' D``, the gradient with respect to the input if V were the weights."""
        change = V.get(self.names[0])
        if self.D is None or change is None:
            return None
        vjp = self._transposed(self.D, change.transpose(0, 1).flatten(1, 2))
        return vjp.unflatten(1, (len(change), -1))


def _along_directions(function, changes, W, total):
    """Apply a linear function to every direction (second axis); add it to `total`."""
    into = None if total is None else total.flatten(0, 1)
    return function(changes.flatten(0, 1), W, into).unflatten(0, changes.shape[:2])


def _expanded(tensor, times):
    return None if tensor is None else tensor.expand(times, *tensor.shape)
