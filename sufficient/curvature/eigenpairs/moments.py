"""Second moments of a first layer's inputs, weighted by the curvature behind it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sufficient.curvature.layers.chain import LinearisedChain, NamedLayers
from sufficient.curvature.objective import Objective, chunks
from sufficient.curvature.products import output_curvature
from sufficient.ranks import Share, agreed
from sufficient.typing import Rows

__all__ = ["WeightedMoments"]

N_SAMPLED = 2048
MOST_PROBES = 16
SLACK = 1e-3
CHUNK = 2048
N_POWER, POWER_ITERATIONS, POWER_MARGIN = 8, 4, 1.25


@dataclass(frozen=True)
class WeightedMoments:
    """Second moments of the inputs of a network's first trainable layer.

    Attributes
    ----------
    rows : Tensor of shape (n_mine, n_inputs)
        Inputs for this rank's share of the samples.
    weights : Tensor of shape (n_mine,)
        The curvature that each of them has at the layer's outputs.
    share : Share
        Which part of all samples they are.
    """

    rows: Tensor
    weights: Tensor
    share: Share

    @classmethod
    def of_share(
        cls, objective: Objective, layers: NamedLayers, X: Rows, y: Tensor
    ) -> WeightedMoments:
        """Moments over all samples, of which this rank takes its share."""
        share = Share.of(len(X))
        X, y = X[share.rows], y[share.rows]
        parts = []
        for rows in chunks(len(X), CHUNK):
            chain = LinearisedChain(layers, objective.parameters, X[rows])
            weights = _curvature_at_first_layer(objective, chain, y[rows])
            parts.append((chain.layers[0].a, weights))
        inputs, weights = zip(*parts, strict=True)
        return cls(torch.cat(inputs), torch.cat(weights), share)

    @property
    def are_bounded(self) -> bool:
        """Whether every sample, on any rank, has a finite curvature."""
        return not self.share.sum((~torch.isfinite(self.weights)).sum())

    def leading_directions(self, n_kept: int) -> Tensor:
        """Leading directions of the moments of the heaviest rows.

        A randomised range finder with one power iteration.
        """
        rows = self._heaviest()
        generator = torch.Generator().manual_seed(0)
        directions = torch.randn(rows.shape[1], n_kept, generator=generator).to(rows)
        for _ in range(2):
            directions = torch.linalg.qr(rows.T @ (rows @ directions))[0]
        return agreed(directions)

    def largest_outside(self, directions: Tensor) -> float:
        """Bound on the largest eigenvalue of the moments outside some directions."""
        rows, weights = self.rows, self.weights[:, None]
        generator = torch.Generator().manual_seed(2)
        block = torch.randn(rows.shape[1], N_POWER, generator=generator).to(rows)
        for _ in range(POWER_ITERATIONS):
            block = block - directions @ (directions.T @ block)
            block = agreed(torch.linalg.qr(block)[0])
            block = rows.T @ (weights * (rows @ block)) / self.share.n
            block = self.share.sum(block)
        outside = block - directions @ (directions.T @ block)
        # The power iteration approaches the largest value from below.
        return POWER_MARGIN * agreed(float(torch.linalg.matrix_norm(outside, ord=2)))

    def _heaviest(self):
        """The heaviest rows of all ranks, times the roots of their weights."""
        share, mass = self.share, self.weights * self.rows.square().sum(1)
        mine = mass.topk(min(N_SAMPLED, len(mass))).indices
        slots = mass.new_zeros(share.size, N_SAMPLED)
        slots[share.rank, : len(mine)] = mass[mine]
        slots = share.sum(slots).flatten()
        chosen = agreed(slots.topk(min(N_SAMPLED, share.n)).indices)
        rank, place = chosen // N_SAMPLED, chosen % N_SAMPLED
        here = (rank == share.rank) & (place < len(mine))
        rows = mine[place[here]]
        heaviest = self.rows.new_zeros(len(chosen), self.rows.shape[1])
        heaviest[here] = self.rows[rows] * self.weights[rows].sqrt()[:, None]
        return share.sum(heaviest)


def _curvature_at_first_layer(objective, chain, y):
    """Trace of every sample's Gauss-Newton matrix at the first layer's outputs.

    Infinite where the loss is not convex in the outputs: the trace bounds nothing then.
    """
    _, output_hvp = output_curvature(objective, chain.output, y, 1)
    n, n_outputs = chain.output.shape
    probes = _probes(n_outputs).to(chain.output).expand(n, -1, -1)
    pulled = [chain.vjp_at_first_layer(u.clone()) for u in (probes, output_hvp(probes))]
    traces = (pulled[0] * pulled[1]).sum((1, 2)).clamp_min(0)
    return traces.masked_fill(~_is_convex(output_hvp, chain.output), torch.inf)


def _is_convex(output_hvp, output):
    """By Gershgorin's circles, which just touch zero for the cross-entropy."""
    units = torch.eye(output.shape[1]).to(output)
    curvatures = output_hvp(units.expand(len(output), -1, -1))
    diagonal = curvatures.diagonal(dim1=1, dim2=2)
    beside = curvatures.abs().sum(2) - diagonal.abs()
    return (beside <= (1 + SLACK) * diagonal + SLACK**2).all(1)


def _probes(n):
    """Rows u with sum of ``u u'`` the identity, on average where they are fewer."""
    if n <= MOST_PROBES:
        return torch.eye(n)
    generator = torch.Generator().manual_seed(0)
    signs = torch.randint(2, (MOST_PROBES, n), generator=generator) * 2 - 1
    return signs / MOST_PROBES**0.5
