"""Layers that are understood: their derivatives without a recorded graph.

A linearised layer knows its input a, its weights W and, where it was told, the gradient
D of the loss with respect to its output. Along d directions V at once, with R the
change of its input and S the change of D, both with a second axis of length d, it says

- ``tangent``: the change of its output, ``W R + V a``;
- ``signal``: the change of the gradient with respect to its input, ``W' S + V' D``;
- ``gradients``: the change of the gradient with respect to W, ``S a' + D R'``;
- ``bend``: its own share of each object's second derivatives, ``D' (V R + R' V')``.

Without D the first three are those of the Gauss-Newton matrix. R is None before the
first layer with weights, because the data do not change.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.grad import conv2d_input, conv2d_weight

__all__ = [
    "LEFT_OUT",
    "Convolution",
    "Dense",
    "Displaced",
    "Linearised",
    "MaxPool",
    "PooledConvolution",
    "Weighted",
    "linearised",
    "understands",
]

Tensors = dict[str, Tensor]

LEFT_OUT = "left out"


class Displaced(nn.Module):
    """A linear layer on data, of which only some directions of the input are weighted.

    Objects are rows ``[W x + b, P' x, sketch]``: what the layer answers at the weights
    of interest, the features along which these may be displaced, and a few features in
    which the others are mixed, which have no weights.

    Parameters
    ----------
    n_outputs, n_kept : int
        Width of the layer and number of directions P.
    bias : bool
        Whether there is a bias.
    """

    def __init__(self, n_outputs: int, n_kept: int, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_outputs, n_kept))
        self.bias = nn.Parameter(torch.zeros(n_outputs)) if bias else None

    def forward(self, X: Tensor) -> Tensor:
        """Output of shape (n, n_outputs)."""
        fixed, kept, _ = self.parts(X)
        return fixed + F.linear(kept, self.weight, self.bias)

    def parts(self, X: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Output at the weights of interest, features with weights, and the sketch."""
        n_outputs, n_kept = self.weight.shape
        return X.tensor_split((n_outputs, n_outputs + n_kept), dim=1)


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

    def laid_out(self, S: Tensor) -> Tensor:
        """The same in the memory format that the layer computes in."""
        return S

    def signal(self, S: Tensor, R: Tensor | None, V: Tensors) -> Tensor:
        """Change of the gradient with respect to the input."""
        return S.reshape(*S.shape[:2], *self.shape_in)

    def gradients(self, S: Tensor, R: Tensor | None) -> Tensors:
        """Change of the gradient with respect to the weights, by name."""
        return {}

    def bend(self, R: Tensor | None, V: Tensors) -> Tensor | None:
        """Second derivatives of shape (n, d, d); None for zero."""
        return None

    def at(self, a: Tensor, weights: Tensors) -> Tensor:
        """Outputs at inputs of shape (n_draws, n, ...) and as many weights."""
        return a.reshape(*a.shape[:2], *self.shape)

    def _answer(self, a):
        return self.module(a)


class _Elementwise(Linearised):
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

    def signal(self, S, R, V):
        S = S.mul_(self.slope)
        return S if self.D is None or R is None else S.addcmul_(self.D, R)

    def bend(self, R, V):
        return None if self.D is None or R is None else _inner(self.D * R, R)

    def at(self, a, weights):
        return a.relu_() if type(self.module) is nn.ReLU else self.module(a)


class MaxPool(Linearised):
    """Max-pooling over tiles."""

    def _answer(self, a):
        size = self.module.kernel_size
        output, places = F.max_pool2d(a, size, return_indices=True)
        self.places = places.flatten(2)[:, None]
        return output.contiguous()

    def tangent(self, R, V):
        if R is None:
            return None
        places = self.places.expand(-1, R.shape[1], -1, -1)
        return super().tangent(R.flatten(3).gather(3, places), V)

    def signal(self, S, R, V):
        spread = S.new_zeros(*S.shape[:3], self.shape_in[1] * self.shape_in[2])
        places = self.places.expand(-1, S.shape[1], -1, -1)
        return super().signal(spread.scatter_(3, places, S.flatten(3)), R, V)

    def at(self, a, weights):
        return self.module(a.flatten(0, 1)).unflatten(0, a.shape[:2])


class Weighted(Linearised):
    """A layer that is linear in its input and, but for a constant, in its weights."""

    D = None

    def __init__(self, module: nn.Module, name: str, parameters: Tensors) -> None:
        super().__init__(module, name, parameters)
        self.names = tuple(f"{name}.{key}".lstrip(".") for key in ("weight", "bias"))
        self.trained = [full in parameters for full in self.names]
        here = (module.weight, module.bias)
        values = map(parameters.get, self.names, here)
        self.W, self.b = (None if v is None else v.detach() for v in values)

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

    def signal(self, S, R, V):
        return _for_each(self._pull, S, self.W, self._turned(V))

    def gradients(self, S, R):
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

    def bend(self, R, V):
        turned = self._turned(V)
        if turned is None or R is None:
            return None
        cross = _inner(turned, R)
        return cross + cross.mT

    def at(self, a, weights):
        W, b = (
            _repeated(here, len(a)) if there is None else there
            for here, there in (
                (self.W, weights.get(self.names[0])),
                (self.b, weights.get(self.names[1])),
            )
        )
        return self._weigh_each(a, W, b)

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


class Dense(Weighted):
    """A linear layer on rows."""

    def _answer(self, a):
        if a.ndim != 2:
            raise ValueError(f"Objects are not rows but of shape {tuple(a.shape[1:])}.")
        return super()._answer(a)

    def _weigh(self, a, W, into=None):
        return a @ W.T if into is None else into.addmm_(a, W.T)

    def _pull(self, D, W, into=None):
        return D @ W if into is None else into.addmm_(D, W)

    def _outer(self, D, a):
        return D.T @ a

    def _weigh_each(self, a, W, b):
        return a @ W.mT if b is None else torch.baddbmm(b[:, None], a, W.mT)

    def _over_places(self, b):
        return b


class _DisplacedDense(Dense):
    def _answer(self, a):
        fixed, kept, self.sketch = self.module.parts(a)
        return super()._answer(kept).add_(fixed)

    def gradients(self, S, R):
        found = super().gradients(S, R)
        if self.sketch.shape[1]:
            outside = self._outer(S.flatten(1, 2), self.sketch)
            found[LEFT_OUT] = outside.unflatten(0, S.shape[1:3])
        return found


class Convolution(Weighted):
    """A two-dimensional convolution."""

    def __init__(self, module: nn.Module, name: str, parameters: Tensors) -> None:
        super().__init__(module, name, parameters)
        names = ("stride", "padding", "dilation")
        self.how = {key: getattr(module, key) for key in names}

    def keep_gradient(self, D):
        super().keep_gradient(self.like_filters(D))

    def laid_out(self, S):
        return self.like_filters(S.flatten(0, 1)).unflatten(0, S.shape[:2])

    def like_filters(self, images: Tensor) -> Tensor:
        """Images in the memory format of the filters, once instead of at every use."""
        if self.W.is_contiguous(memory_format=torch.channels_last):
            return images.contiguous(memory_format=torch.channels_last)
        return images

    def _answer(self, a):
        return super()._answer(self.like_filters(a))

    def _weigh(self, a, W, into=None):
        answer = F.conv2d(a, W, **self.how)
        return answer if into is None else into.add_(answer)

    def _pull(self, D, W, into=None):
        shape = (len(D), W.shape[1], *self.shape_in[1:])
        pulled = conv2d_input(shape, W, D, **self.how)
        return pulled if into is None else into.add_(pulled)

    def _outer(self, D, a):
        shape = (D.shape[1], a.shape[1], *self.W.shape[2:])
        return conv2d_weight(a, shape, D, **self.how)

    def _weigh_each(self, a, W, b):
        biases = [None] * len(a) if b is None else b
        return torch.stack(
            [F.conv2d(*each, **self.how) for each in zip(a, W, biases, strict=True)]
        )

    def _over_places(self, b):
        return b[..., None, None]


class PooledConvolution(Linearised):
    """A convolution of the data and the max-pooling behind it, as one layer.

    Only what wins its pool counts, so all that is needed of the data are the patches
    under the winners.
    """

    def __init__(self, convolution: Convolution, pool: MaxPool) -> None:
        self.convolution, self.pool = convolution, pool
        self.names, self.trained = convolution.names, convolution.trained

    def tangent(self, R, V):
        V_weight, V_bias = map(V.get, self.names)
        change = V_weight.flatten(2).transpose(0, 1) @ self.patches
        if V_bias is not None:
            change += V_bias.T[..., None]
        # Channels last in memory, as the next convolution likes them.
        change = change.unflatten(2, (-1, *self.shape[1:])).permute(2, 1, 3, 4, 0)
        return change.contiguous().permute(0, 1, 4, 2, 3)

    def gradients(self, S, R):
        S = S.permute(2, 1, 0, 3, 4).flatten(2)
        change = (S @ self.patches.mT).transpose(0, 1)
        found = {self.names[0]: change.unflatten(2, self.convolution.W.shape[1:])}
        if self.trained[1]:
            found[self.names[1]] = S.sum(2).T
        return found

    def at(self, a, weights):
        return self.pool.at(self.convolution.at(a, weights), weights)

    def _answer(self, a):
        output = self.pool.forward(self.convolution.forward(a))
        output = self.convolution.like_filters(output)
        places = self.pool.places.transpose(1, 2)
        size, how = self.convolution.W.shape[2:], self.convolution.how
        patches = F.unfold(a, size, **how)[:, None]
        shape = (*places.shape[:2], patches.shape[2], places.shape[3])
        picked = patches.expand(-1, shape[1], -1, -1).gather(3, places.expand(shape))
        self.patches = picked.permute(1, 2, 0, 3).flatten(2)
        del self.convolution.a, self.pool.places
        return output


_KINDS: dict[type, type[Linearised]] = {
    nn.Flatten: Linearised,
    nn.Unflatten: Linearised,
    nn.MaxPool2d: MaxPool,
    nn.Linear: Dense,
    Displaced: _DisplacedDense,
    nn.Conv2d: Convolution,
    nn.ReLU: _Elementwise,
    nn.LeakyReLU: _Elementwise,
    nn.ELU: _Elementwise,
    nn.GELU: _Elementwise,
    nn.SiLU: _Elementwise,
    nn.Softplus: _Elementwise,
    nn.Tanh: _Elementwise,
    nn.Sigmoid: _Elementwise,
}


def understands(module: nn.Module) -> bool:
    """Whether a layer of this kind and with these options can be linearised."""
    if type(module) is nn.MaxPool2d:
        return _tiles(module)
    if type(module) is nn.Conv2d:
        plain = module.groups == 1 and module.padding_mode == "zeros"
        return plain and not isinstance(module.padding, str)
    return type(module) in _KINDS


def linearised(module: nn.Module, name: str, parameters: Tensors) -> Linearised:
    """The layer behind a module that is understood."""
    return _KINDS[type(module)](module, name, parameters)


def _tiles(pool):
    pairs = {
        name: _pair(getattr(pool, name))
        for name in ("kernel_size", "stride", "padding", "dilation")
    }
    same = pairs["stride"] == pairs["kernel_size"]
    whole = pairs["padding"] == (0, 0) and pairs["dilation"] == (1, 1)
    return same and whole and not pool.ceil_mode and not pool.return_indices


def _pair(value):
    return tuple(value) if isinstance(value, tuple | list) else (value, value)


def _inner(first, second):
    return first.flatten(2) @ second.flatten(2).mT


def _for_each(function, changes, W, total):
    """Function of the change along each direction, added to what there is."""
    into = None if total is None else total.flatten(0, 1)
    return function(changes.flatten(0, 1), W, into).unflatten(0, changes.shape[:2])


def _repeated(tensor, times):
    return None if tensor is None else tensor.expand(times, *tensor.shape)


def _derivative(slope, a):
    if not slope.requires_grad:
        return None
    (second,) = torch.autograd.grad(slope.sum(), a, allow_unused=True)
    return None if second is None or not second.any() else second
