"""Two-dimensional convolutions, with or without the max-pooling that follows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.grad import conv2d_input, conv2d_weight

from sufficient.curvature.layers.rules import Linearised, MaxPool, Tensors
from sufficient.curvature.layers.weighted import Weighted

__all__ = ["Convolution", "PooledConvolution", "channels_last"]


def channels_last(tensor: Tensor) -> Tensor:
    """Images or filters on a CPU with channels last in memory; all else as it is.

    With this layout, convolution and pooling take half the time there.
    """
    if tensor.ndim != 4 or tensor.device.type != "cpu":
        return tensor
    n_channels, width = tensor.shape[1], tensor.shape[3]
    if tensor.stride() == (tensor[0].numel(), 1, width * n_channels, n_channels):
        return tensor
    return torch.empty_like(tensor, memory_format=torch.channels_last).copy_(tensor)


class Convolution(Weighted):
    """A two-dimensional convolution."""

    def __init__(self, module: nn.Module, name: str, parameters: Tensors) -> None:
        super().__init__(module, name, parameters)
        names = ("stride", "padding", "dilation")
        self.options = {key: getattr(module, key) for key in names}

    def keep_gradient(self, D):
        super().keep_gradient(self.in_filter_format(D))

    def in_memory_format(self, S):
        return self.in_filter_format(S.flatten(0, 1)).unflatten(0, S.shape[:2])

    def in_filter_format(self, images: Tensor) -> Tensor:
        """Images in the memory format of the filters, to avoid repeated conversion."""
        if self.W.is_contiguous(memory_format=torch.channels_last):
            return images.contiguous(memory_format=torch.channels_last)
        return images

    def _forward(self, a):
        return super()._forward(self.in_filter_format(a))

    def _linear(self, a, W, into=None):
        answer = F.conv2d(a, self.in_filter_format(W), **self.options)
        return answer if into is None else into.add_(answer)

    def _transposed(self, D, W, into=None):
        shape = (len(D), W.shape[1], *self.shape_in[1:])
        vjp = conv2d_input(shape, self.in_filter_format(W), D, **self.options)
        return vjp if into is None else into.add_(vjp)

    def _outer(self, D, a):
        shape = (D.shape[1], a.shape[1], *self.W.shape[2:])
        return conv2d_weight(a, shape, D, **self.options)

    def _linear_each(self, a, W, b):
        biases = [None] * len(a) if b is None else b
        return torch.stack(
            [F.conv2d(*each, **self.options) for each in zip(a, W, biases, strict=True)]
        )

    def _spread_bias(self, b):
        return b[..., None, None]


class PooledConvolution(Linearised):
    """A convolution of the data and the max-pooling that follows it, as one layer.

    The pooling passes on only the largest output of each tile. So only the image
    patches that produced these outputs are stored.
    """

    def __init__(self, convolution: Convolution, pool: MaxPool) -> None:
        self.convolution, self.pool = convolution, pool
        self.names, self.trained = convolution.names, convolution.trained

    def tangent(self, R, V):
        V_weight, V_bias = map(V.get, self.names)
        change = V_weight.flatten(2).transpose(0, 1) @ self.patches
        if V_bias is not None:
            change += V_bias.T[..., None]
        # Channels last in memory, because the next convolution is faster with it.
        change = change.unflatten(2, (-1, *self.shape[1:])).permute(2, 1, 3, 4, 0)
        return change.contiguous().permute(0, 1, 4, 2, 3)

    def weight_gradients(self, S, R):
        S = S.permute(2, 1, 0, 3, 4).flatten(2)
        change = (S @ self.patches.mT).transpose(0, 1)
        found = {self.names[0]: change.unflatten(2, self.convolution.W.shape[1:])}
        if self.trained[1]:
            found[self.names[1]] = S.sum(2).T
        return found

    def outputs_at(self, a, weights):
        return self.pool.outputs_at(self.convolution.outputs_at(a, weights), weights)

    def _forward(self, a):
        output = self.pool.forward(self.convolution.forward(a))
        output = self.convolution.in_filter_format(output)
        indices = self.pool.indices.transpose(1, 2)
        size, options = self.convolution.W.shape[2:], self.convolution.options
        patches = F.unfold(a, size, **options)[:, None]
        shape = (*indices.shape[:2], patches.shape[2], indices.shape[3])
        picked = patches.expand(-1, shape[1], -1, -1).gather(3, indices.expand(shape))
        self.patches = picked.permute(1, 2, 0, 3).flatten(2)
        del self.convolution.a, self.pool.indices
        return output
