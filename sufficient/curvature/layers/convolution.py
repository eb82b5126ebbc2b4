"""Two-dimensional convolutions, with or without the max-pooling that follows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.grad import conv2d_input, conv2d_weight

from sufficient.curvature.layers.rules import (
    Linearised,
    MaxPool,
    Tensors,
    height_and_width,
)
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
        if len(a) == 1:
            return self.outputs_of_data(a[0], W, b)
        # With channels last in memory, one convolution makes all draws at once.
        images, filters = a.transpose(0, 1).flatten(1, 2), W.flatten(0, 1)
        biases = None if b is None else b.flatten()
        answer = F.conv2d(
            channels_last(images), filters, biases, **self.options, groups=len(W)
        )
        return answer.unflatten(1, W.shape[:2]).transpose(0, 1)

    def outputs_of_data(
        self, X: Tensor, W: Tensor, b: Tensor | None, tile: Sequence[int] = (1, 1)
    ) -> Tensor:
        """Outputs of one batch of data for several filters, the largest of every tile.

        All filters share one matrix product for every place in a tile.

        Parameters
        ----------
        X : Tensor of shape (n, ...)
            Images.
        W, b : Tensor of shape (n_draws, n_filters, ...), Tensor or None
            Filters and biases of every draw.
        tile : (int, int), default=(1, 1)
            Height and width of a tile.

        Returns
        -------
        Tensor of shape (n_draws, n, n_filters, ...)
            With channels last in memory, and before them the draws.
        """
        shape = [n // size for n, size in zip(self.shape[1:], tile, strict=True)]
        filters = W.flatten(2).flatten(0, 1).T
        places = self._patches_by_place(X, tile, shape)
        largest = reduce(torch.maximum, (patches @ filters for patches in places))
        answer = largest.view(len(X), *shape, *W.shape[:2])
        return (answer if b is None else answer + b).permute(3, 0, 4, 1, 2)

    def _patches_by_place(self, X, tile, shape):
        """Patches of the data around every place in a tile, one matrix per place."""
        (height, width), (n_rows, n_columns) = tile, shape
        patches = F.unfold(X, self.W.shape[2:], **self.options)
        grid = patches.unflatten(2, self.shape[1:])
        tiled = grid[..., : n_rows * height, : n_columns * width]
        tiled = tiled.unflatten(3, (n_columns, width)).unflatten(2, (n_rows, height))
        return tiled.permute(3, 5, 0, 2, 4, 1).flatten(0, 1).flatten(1, 3)

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
        tile = height_and_width(self.pool.module.kernel_size)
        W, b = self.convolution.weights_at(weights, len(a))
        return self.convolution.outputs_of_data(a[0], W, b, tile)

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
