"""Steps of the optimiser, by hand-written derivatives where the net is a plain chain.

For a small network most of a step is spent between the matrix products: recording the
graph, walking back through it, keeping a history. A chain of linear layers,
convolutions, max-pooling and ReLUs under cross-entropy (of one label or several) or
squared error needs none of that. Its gradients go straight to the net's own optimiser;
the weights come out the same to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from skorch import NeuralNet
from torch import Tensor, nn

from sufficient.curvature.layers.chain import first_trained
from sufficient.curvature.layers.convolution import channels_last
from sufficient.curvature.layers.rules import height_and_width
from sufficient.curvature.layers.tracing import chain_of
from sufficient.fields import as_given
from sufficient.inputs import Images, Standardise
from sufficient.sample_weights import (
    Targets,
    as_targets,
    given_targets,
    values_of,
)
from sufficient.training.adam import step_of_optimizer

__all__ = ["by_skorch", "chain_step", "step_of", "train_by"]

Step = Callable[[Tensor, Targets], object]

NO_OTHER_LOSS: AbstractContextManager[None] = nullcontext()
STOCK = ("train_step", "train_step_single", "get_loss", "infer")
aten = torch.ops.aten


def step_of(net: NeuralNet, loss: AbstractContextManager[None] = NO_OTHER_LOSS) -> Step:
    """What makes a step of the net on a minibatch of samples and targets.

    Parameters
    ----------
    net : NeuralNet
        Initialised.
    loss : context manager, default=NO_OTHER_LOSS
        As `trained_loss` returns it, where samples have weights.

    Returns
    -------
    callable
        Takes samples and targets.
    """
    return chain_step(net) or by_skorch(net, loss)


def by_skorch(net: NeuralNet, loss: AbstractContextManager[None]) -> Step:
    """What has skorch make the step."""

    def step(X, y):
        with loss:
            net.train_step((as_given(X), given_targets(y)))

    return step


def chain_step(net: NeuralNet) -> Step | None:
    """The same by hand; None where skorch has to make the step."""
    layers = _plain_layers(net)
    gradient = _output_gradient(net.criterion_)
    if layers is None or gradient is None or not _is_stock(net):
        return None
    return _ChainStep(layers, gradient, net.optimizer_)


def train_by(step: Step, net: NeuralNet, X: Tensor, y: Any, epochs: int) -> int:
    """Make the steps of skorch's loop, on the same minibatches; how many they were."""
    batches, n_steps = net.get_iterator(net.get_dataset(X, y), training=True), 0
    for _ in range(epochs):
        for X_some, y_some in batches:
            step(X_some, as_targets(y_some))
            n_steps += 1
    return n_steps


class _ChainStep:
    """Forward, backward and the optimiser's step through the layers of a chain."""

    def __init__(
        self,
        layers: list[nn.Module],
        gradient: Callable[[Tensor, Tensor], Tensor],
        optimizer: torch.optim.Optimizer,
    ) -> None:
        self.layers = [LAYERS[type(module)](module) for module in layers]
        self.gradient, self.move = gradient, step_of_optimizer(optimizer)

    def __call__(self, X: Tensor, y: Targets) -> None:
        with torch.no_grad():
            self._set_gradients(X, y)
            self.move()

    def _set_gradients(self, h: Tensor, y: Targets) -> None:
        for layer in self.layers:
            h = layer(h)
        values, weights = values_of(y)
        D: Any = self.gradient(h, values)
        if weights is not None:
            D.mul_(weights.reshape(-1, *[1] * (D.ndim - 1)))
        first = next(i for i, one in enumerate(self.layers) if one.is_trained)
        for position in range(len(self.layers) - 1, first - 1, -1):
            D = self.layers[position].back(D, is_first=position == first)


class _Layer:
    """A layer that only reshapes, or is applied to the data; others differ."""

    is_trained = False

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    def __call__(self, a: Tensor) -> Tensor:
        """The outputs; stores what `back` needs."""
        self.shape = a.shape
        return self.module(a)

    def back(self, D: Tensor, is_first: bool) -> Tensor | None:
        """The gradient with respect to the input, unless the layer is the first."""
        return channels_last(D.reshape(self.shape))


class _ReLU(_Layer):
    def __call__(self, a: Tensor) -> Tensor:
        self.output = torch.relu(a)
        return self.output

    def back(self, D: Tensor, is_first: bool) -> Tensor:
        return aten.threshold_backward(D, self.output, 0)


class _MaxPool(_Layer):
    def __init__(self, module: nn.MaxPool2d) -> None:
        sizes = module.kernel_size, module.stride, module.padding, module.dilation
        self.options = [list(height_and_width(size)) for size in sizes]

    def __call__(self, a: Tensor) -> Tensor:
        self.input = a
        output, self.indices = aten.max_pool2d_with_indices(a, *self.options)
        return output

    def back(self, D: Tensor, is_first: bool) -> Tensor:
        return aten.max_pool2d_with_indices_backward(
            D, self.input, *self.options, False, self.indices
        )


class _Weighted(_Layer):
    """A layer that writes its gradients where the optimiser looks for them."""

    is_trained = True

    def __init__(self, module: nn.Module) -> None:
        weight, bias = module.weight, module.bias
        assert isinstance(weight, nn.Parameter)
        self.W, self.b = weight.data, None
        weight.grad = self.W_grad = torch.zeros_like(self.W)
        if isinstance(bias, nn.Parameter):
            self.b = bias.data
            bias.grad = self.b_grad = torch.zeros_like(bias.data)


class _Linear(_Weighted):
    def __call__(self, a: Tensor) -> Tensor:
        self.a = a.flatten(0, -2)
        return nn.functional.linear(a, self.W, self.b)

    def back(self, D: Tensor, is_first: bool) -> Tensor | None:
        rows = D.flatten(0, -2)
        torch.mm(rows.T, self.a, out=self.W_grad)
        if self.b is not None:
            torch.sum(rows, 0, out=self.b_grad)
        return None if is_first else D @ self.W


class _Convolution(_Weighted):
    def __init__(self, module: nn.Conv2d) -> None:
        super().__init__(module)
        sizes = module.stride, module.padding, module.dilation
        self.options = *sizes, False, [0, 0], 1  # not transposed, one group

    def __call__(self, a: Tensor) -> Tensor:
        # Copies of the filters, because the optimiser expects them as they were.
        self.a, self.filters = channels_last(a), channels_last(self.W)
        return aten.convolution(self.a, self.filters, self.b, *self.options)

    def back(self, D: Tensor, is_first: bool) -> Tensor | None:
        asked = [not is_first, True, self.b is not None]
        sizes = None if self.b is None else self.b.shape
        gradient, W_grad, b_grad = aten.convolution_backward(
            D, self.a, self.filters, sizes, *self.options, asked
        )
        self.W_grad.copy_(W_grad)
        if self.b is not None:
            self.b_grad.copy_(b_grad)
        return gradient


LAYERS: dict[type, Callable[..., _Layer]] = {
    Images: _Layer,
    Standardise: _Layer,
    nn.Flatten: _Layer,
    nn.Unflatten: _Layer,
    nn.ReLU: _ReLU,
    nn.MaxPool2d: _MaxPool,
    nn.Linear: _Linear,
    nn.Conv2d: _Convolution,
}


def _plain_layers(net):
    """Layers with rules, all trained; None where there is anything else."""
    layers = chain_of(net.module_, in_training=True)
    if layers is None:
        return None
    modules = [module for _, module in layers]
    plain = all(type(module) in LAYERS for module in modules)
    late = modules[first_trained(layers) :]
    on_data = not any(isinstance(module, (Images, Standardise)) for module in late)
    trained = all(
        p.requires_grad and p.dtype == torch.float32 for p in net.module_.parameters()
    )
    return modules if plain and trained and on_data else None


def _output_gradient(criterion):
    """Gradient of the mean loss with respect to the outputs."""
    if criterion.__dict__.get("reduction", "mean") != "mean":
        return None
    if type(criterion) is nn.MSELoss:
        return lambda z, y: (z - y.reshape_as(z)).mul_(2 / z.numel())
    if type(criterion) is nn.BCEWithLogitsLoss:
        weighted = criterion.weight is not None or criterion.pos_weight is not None
        return None if weighted else _binary_gradient
    is_plain = type(criterion) is nn.CrossEntropyLoss and criterion.weight is None
    if is_plain and criterion.ignore_index < 0:
        return partial(_cross_entropy_gradient, smoothing=criterion.label_smoothing)
    return None


def _binary_gradient(z, y):
    return torch.sigmoid(z).sub_(y.reshape_as(z)).div_(z.numel())


def _cross_entropy_gradient(z, y, smoothing):
    D = torch.softmax(z, 1)
    if smoothing:
        D.sub_(smoothing / z.shape[1])
    sure = z.new_full((), smoothing - 1.0).expand(y.unsqueeze(1).shape)
    return D.scatter_add_(1, y.unsqueeze(1), sure).div_(y.numel())


def _is_stock(net):
    """Whether skorch's own methods would make the step, and nobody listens."""
    own = all(getattr(type(net), name) is _of_skorch(net, name) for name in STOCK)
    closure = isinstance(net.optimizer_, torch.optim.LBFGS)
    return own and not closure and not net.callbacks


def _of_skorch(net, name):
    for kind in type(net).__mro__:
        if kind.__module__.startswith("skorch.") and name in vars(kind):
            return vars(kind)[name]
    return None
