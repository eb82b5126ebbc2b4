"""Losses in a space of ten directions through the weights, in plain torch."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import functional_call

from .peers import N_DIRECTIONS
from .problems import Problem

__all__ = ["losses_at_weights", "losses_in_plane", "random_basis", "weights_in_plane"]

Named = dict[str, Tensor]


def random_basis(problem: Problem) -> Tensor:
    """Ten random orthonormal directions; the time does not depend on the choice."""
    generator = torch.Generator().manual_seed(0)
    draw = torch.randn(problem.n_weights, N_DIRECTIONS, generator=generator)
    return torch.linalg.qr(draw)[0]


def weights_in_plane(problem: Problem, basis: Tensor) -> Callable[[Tensor], Named]:
    """Parameters by name as a function of the offset."""
    parameters = dict(problem.module.named_parameters())
    weights = torch.cat([p.detach().reshape(-1) for p in parameters.values()])
    sizes = [p.numel() for p in parameters.values()]

    def named(offset):
        parts = (weights + basis @ offset).split(sizes)
        return {
            name: part.view_as(p)
            for (name, p), part in zip(parameters.items(), parts, strict=True)
        }

    return named


def losses_at_weights(problem: Problem, named: Named) -> Tensor:
    """Loss of each sample."""
    outputs = functional_call(problem.module, named, (problem.X,))
    return nn.functional.cross_entropy(outputs, problem.y, reduction="none")


def losses_in_plane(problem: Problem, basis: Tensor) -> Callable[[Tensor], Tensor]:
    """Loss of each sample as a function of the offset."""
    named = weights_in_plane(problem, basis)
    return lambda offset: losses_at_weights(problem, named(offset))
