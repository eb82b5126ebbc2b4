"""A network and its criterion as a function from parameters to per-sample losses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from math import inf

import torch
from torch import Tensor, nn
from torch.func import functional_call

from sufficient.curvature.layers.chain import LinearisedChain, NamedLayers
from sufficient.curvature.layers.convolution import channels_last
from sufficient.curvature.layers.tracing import chain_of
from sufficient.curvature.losses import Loss, per_sample_loss
from sufficient.curvature.memory import Chunks
from sufficient.fields import Fields, as_given
from sufficient.ranks import Share
from sufficient.reproducibility.arithmetic import differentiable_recurrence
from sufficient.sample_weights import Targets
from sufficient.typing import Rows

__all__ = ["Objective", "chunks"]


class Objective:
    """Loss of every sample as a function of the trainable parameters.

    The module is evaluated in eval mode: Dropout is off and BatchNorm uses its running
    statistics, so the loss of a sample does not depend on the other samples.

    Parameters
    ----------
    module : nn.Module
        Maps a batch of samples to outputs. Never modified.
    loss : {"cross_entropy", "mse"}, nn.Module or callable
        A named loss, a torch criterion with a `reduction`, or a function of
        ``(output, target)`` that returns one loss per sample.
    cache_bytes : float, default=inf
        Memory in which Hessian-vector products may cache intermediate results. Less
        memory makes them slower but does not change them.
    """

    def __init__(
        self, module: nn.Module, loss: Loss, *, cache_bytes: float = inf
    ) -> None:
        self.module, self.cache_bytes = module, cache_bytes
        self.loss = per_sample_loss(loss)
        self.parameters = {
            name: channels_last(parameter.detach())
            for name, parameter in module.named_parameters()
            if parameter.requires_grad
        }
        if not self.parameters:
            raise ValueError(
                f"{type(module).__name__} has no trainable parameters, so there is no "
                "curvature to measure."
            )
        self._shapes = [tensor.shape for tensor in self.parameters.values()]
        self._sizes = [tensor.numel() for tensor in self.parameters.values()]
        self._layers: NamedLayers | str | None = "not looked for yet"

    @property
    def n_parameters(self) -> int:
        """Number of trainable parameters."""
        return sum(self._sizes)

    @property
    def weights(self) -> Tensor:
        """The trainable parameters as one vector of shape (n_parameters,)."""
        return self.flatten(self.parameters.values())

    def layers(self, X: Rows) -> NamedLayers | None:
        """Layers of the network if it is a chain, None otherwise.

        The outputs of the chain are compared with those of the network on two samples.
        """
        if isinstance(self._layers, str):
            found = None if isinstance(X, Fields) else chain_of(self.module)
            self._layers = found if found and self._is_chain(found, X[:2]) else None
        return self._layers

    def _is_chain(self, layers, X):
        try:
            chained = LinearisedChain(layers, self.parameters, X)
        except (StopIteration, ValueError, RuntimeError):
            return False
        return _are_close(chained.output, self.outputs(self.parameters, X))

    def flatten(self, tensors: Iterable[Tensor]) -> Tensor:
        """Concatenate one tensor per parameter into a vector."""
        return torch.cat([tensor.reshape(-1) for tensor in tensors])

    def unflatten(self, vector: Tensor) -> dict[str, Tensor]:
        """Split a vector into one tensor per parameter; leading axes are kept."""
        lead = vector.shape[:-1]
        parts = vector.split(self._sizes, dim=-1)
        return {
            name: channels_last(part.reshape(*lead, *shape))
            for name, part, shape in zip(
                self.parameters, parts, self._shapes, strict=True
            )
        }

    def outputs(self, parameters: dict[str, Tensor], X: Tensor) -> Tensor:
        """Outputs of the network at the given parameters."""
        given = as_given(X)
        if isinstance(given, dict):
            return functional_call(self.module, parameters, (), given)
        return functional_call(self.module, parameters, (given,))

    def losses(self, parameters: dict[str, Tensor], X: Tensor, y: Targets) -> Tensor:
        """Loss of each sample, shape (n,), at the given parameters."""
        return self.loss(self.outputs(parameters, X), y)

    def loss_and_gradient(
        self, X: Rows, y: Targets, chunk_size: int = 2048
    ) -> tuple[float, Tensor]:
        """Mean loss (float) and its gradient, a vector of shape (n_parameters,)."""
        leaves = [p.clone().requires_grad_() for p in self.parameters.values()]
        named = dict(zip(self.parameters, leaves, strict=True))
        share = Share.of(len(X))
        X, y = X[share.rows], y[share.rows]

        def of_chunk(rows):
            part = self.losses(named, X[rows], y[rows]).sum() / share.n
            slope = torch.autograd.grad(part, leaves, materialize_grads=True)
            return part.item(), self.flatten(slope)

        loss, gradient = torch.zeros((), dtype=torch.double), 0 * self.weights
        for more_loss, more_gradient in Chunks(chunk_size).map(of_chunk, len(X)):
            loss += more_loss
            gradient += more_gradient
        return share.sum(loss).item(), share.sum(gradient)

    @contextmanager
    def eval_mode(self) -> Iterator[None]:
        """Switch to eval mode; restore the mode of every submodule afterwards.

        Recurrent layers do without the kernels of oneDNN and cuDNN meanwhile, which
        have no second derivatives.
        """
        modes = [(module, module.training) for module in self.module.modules()]
        with ExitStack() as stack:
            if any(isinstance(module, nn.RNNBase) for module, _ in modes):
                stack.enter_context(differentiable_recurrence())
            for module, training in modes:
                stack.callback(setattr, module, "training", training)
            self.module.eval()
            yield


def _are_close(output, expected):
    if output.shape != expected.shape:
        return False
    slack = 1e4 * torch.finfo(expected.dtype).eps
    return torch.allclose(output, expected, rtol=slack, atol=slack)


def chunks(n: int, size: int) -> Iterator[slice]:
    """Consecutive slices of at most `size` that cover ``range(n)``."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
