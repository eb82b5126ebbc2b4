"""Layers with weights, linear in their input and in their weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.grad import conv2d_input, conv2d_weight

from sufficient.curvature.layers import Linearised, MaxPool, Tensors, cross

__all__ = [
    "LEFT_OUT",
    "Convolution",
    "Dense",
    "Displaced",
    "DisplacedDense",
    "PooledConvolution",
    "Weighted",
]

LEFT_OUT = "left out"


class Displaced(nn.Module):
    """A linear layer on data, of which only some directions of the input are weighted.

    Samples are rows ``[W x + b, P' x, sketch]``: what the layer answers at the weights
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
        mixed = cross(turned, R)
        return mixed + mixed.mT

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
            raise ValueError(f"Samples are not rows but of shape {tuple(a.shape[1:])}.")
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


class DisplacedDense(Dense):
    """A `Displaced` layer; it also says how the sketched features would be weighted."""

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


def _for_each(function, changes, W, total):
    """Function of the change along each direction, added to what there is."""
    into = None if total is None else total.flatten(0, 1)
    return function(changes.flatten(0, 1), W, into).unflatten(0, changes.shape[:2])


def _repeated(tensor, times):
    return None if tensor is None else tensor.expand(times, *tensor.shape)
