"""One step of the optimiser, by hand-written derivatives where the net is a plain MLP.

For a small network most of a step is spent between the matrix products: recording the
graph, walking back through it, keeping a history. A chain of linear layers and ReLUs
under cross-entropy (of one label or several) or squared error needs none of that. Its
gradients go straight into the parameters, and the net's own optimiser makes the step;
the weights come out the same to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from skorch import NeuralNet
from torch import Tensor, nn

from sufficient.curvature.layers.tracing import chain_of
from sufficient.fields import as_given

__all__ = ["step_of"]

Step = Callable[[Tensor, Tensor], object]

STOCK = ("train_step", "train_step_single", "get_loss", "infer")


def step_of(net: NeuralNet) -> Step:
    """What makes a step of the net on a minibatch of samples and targets.

    Parameters
    ----------
    net : NeuralNet
        Initialised.

    Returns
    -------
    callable
        Takes samples and targets.
    """
    layers = _plain_layers(net)
    gradient = _output_gradient(net.criterion_)
    if layers is None or gradient is None or not _is_stock(net):
        return lambda X, y: net.train_step((as_given(X), y))
    return _MLPStep(layers, gradient, net.optimizer_)


class _MLPStep:
    """Forward, backward and the optimiser's step through linear layers and ReLUs."""

    def __init__(
        self,
        layers: list[nn.Module],
        gradient: Callable[[Tensor, Tensor], Tensor],
        optimizer: torch.optim.Optimizer,
    ) -> None:
        self.layers = [None if isinstance(m, nn.ReLU) else _Linear(m) for m in layers]
        self.gradient, self.optimizer = gradient, optimizer

    def __call__(self, X: Tensor, y: Tensor) -> None:
        with torch.no_grad():
            self._set_gradients(X.flatten(1), y)
        self.optimizer.step()

    def _set_gradients(self, h: Tensor, y: Tensor) -> None:
        entered = []
        for layer in self.layers:
            h = h.relu_() if layer is None else layer(h)
            entered.append(h)
        D = self.gradient(h, y)
        for layer, output in zip(self.layers[::-1], entered[::-1], strict=True):
            if layer is None:
                D = torch.ops.aten.threshold_backward(D, output, 0)
            else:
                layer.set_gradients(D)
                D = D @ layer.W if layer is not self.layers[0] else D


class _Linear:
    """A linear layer that writes its gradients where the optimiser looks for them."""

    def __init__(self, module: nn.Module) -> None:
        weight, bias = module.weight, module.bias
        assert isinstance(weight, nn.Parameter)
        self.W, self.Wt, self.b = weight.data, weight.data.t(), None
        weight.grad = self.W_grad = torch.zeros_like(self.W)
        if isinstance(bias, nn.Parameter):
            self.b = bias.data
            bias.grad = self.b_grad = torch.zeros_like(bias.data)

    def __call__(self, a: Tensor) -> Tensor:
        self.a = a
        return a @ self.Wt if self.b is None else torch.addmm(self.b, a, self.Wt)

    def set_gradients(self, D: Tensor) -> None:
        torch.mm(D.t(), self.a, out=self.W_grad)
        if self.b is not None:
            torch.sum(D, 0, out=self.b_grad)


def _plain_layers(net):
    """Linear layers and ReLUs, all trained; None where there is anything else."""
    layers = chain_of(net.module_)
    if layers is None:
        return None
    modules = [module for _, module in layers]
    if modules and type(modules[0]) is nn.Flatten and modules[0].start_dim == 1:
        modules = modules[1:]
    plain = all(type(module) in (nn.Linear, nn.ReLU) for module in modules)
    trained = all(p.requires_grad and p.dtype == torch.float32 for p in _all(net))
    starts = bool(modules) and type(modules[0]) is nn.Linear
    return modules if plain and trained and starts else None


def _all(net):
    return net.module_.parameters()


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
    sure = z.new_full((1, 1), smoothing - 1.0).expand(len(y), 1)
    return D.scatter_add_(1, y.unsqueeze(1), sure).div_(len(y))


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
