"""Second moments of the inputs of a first layer, weighted by curvature."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sufficient.curvature.layers.chain import LinearisedChain, NamedLayers
from sufficient.curvature.objective import Objective, chunks
from sufficient.curvature.products import output_curvature
from sufficient.ranks import Share, broadcast
from sufficient.sample_weights import Targets
from sufficient.typing import Rows

__all__ = ["WeightedMoments"]

N_SAMPLED = 2048
MAX_PROBES = 16
SLACK = 1e-3
CHUNK = 2048
N_POWER, POWER_ITERATIONS, POWER_MARGIN = 8, 4, 1.25


@dataclass(frozen=True)
class WeightedMoments:
    """Weighted second moments of the inputs of the first trainable layer.

    Attributes
    ----------
    rows : Tensor of shape (n_mine, n_inputs)
        Inputs of the layer, for this rank's share of the samples.
    weights : Tensor of shape (n_mine,)
        Weight of each sample: its curvature at the outputs of the layer.
    share : Share
        The share of this rank.
    """

    rows: Tensor
    weights: Tensor
    share: Share

    @classmethod
    def of_share(
        cls, objective: Objective, layers: NamedLayers, X: Rows, y: Targets
    ) -> WeightedMoments:
        """Moments over all samples X, split between the ranks."""
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
    def are_finite(self) -> bool:
        """Whether the weights of all samples, on all ranks, are finite."""
        return not self.share.sum((~torch.isfinite(self.weights)).sum())

    def leading_directions(self, n_kept: int) -> Tensor:
        """Leading eigenvectors of the moments of the rows that contribute most.

        They are computed by a randomised range finder with one power iteration.
        """
        rows = self._top_rows()
        generator = torch.Generator().manual_seed(0)
        directions = torch.randn(rows.shape[1], n_kept, generator=generator).to(rows)
        for _ in range(2):
            directions = torch.linalg.qr(rows.T @ (rows @ directions))[0]
        return broadcast(directions)

    def largest_outside(self, directions: Tensor) -> float:
        """Upper bound on the largest eigenvalue, orthogonally to some directions."""
        rows, weights = self.rows, self.weights[:, None]
        generator = torch.Generator().manual_seed(2)
        block = torch.randn(rows.shape[1], N_POWER, generator=generator).to(rows)
        for _ in range(POWER_ITERATIONS):
            block = block - directions @ (directions.T @ block)
            block = broadcast(torch.linalg.qr(block)[0])
            block = rows.T @ (weights * (rows @ block)) / self.share.n
            block = self.share.sum(block)
        outside = block - directions @ (directions.T @ block)
        # A margin, because the power iteration converges from below.
        return POWER_MARGIN * broadcast(float(torch.linalg.matrix_norm(outside, ord=2)))

    def _top_rows(self):
        """The rows of all ranks that contribute most to the trace of the moments.

        They are multiplied by the square roots of their weights.
        """
        share, mass = self.share, self.weights * self.rows.square().sum(1)
        mine = mass.topk(min(N_SAMPLED, len(mass))).indices
        slots = mass.new_zeros(share.size, N_SAMPLED)
        slots[share.rank, : len(mine)] = mass[mine]
        slots = share.sum(slots).flatten()
        chosen = broadcast(slots.topk(min(N_SAMPLED, share.n)).indices)
        rank, place = chosen // N_SAMPLED, chosen % N_SAMPLED
        here = (rank == share.rank) & (place < len(mine))
        rows = mine[place[here]]
        heaviest = self.rows.new_zeros(len(chosen), self.rows.shape[1])
        heaviest[here] = self.rows[rows] * self.weights[rows].sqrt()[:, None]
        return share.sum(heaviest)


def _curvature_at_first_layer(objective, chain, y):
    """Trace of each sample's Gauss-Newton matrix at the outputs of the first layer.

    Infinity if the loss is not convex in the outputs, because the trace is then no
    bound.
    """
    _, output_hvp = output_curvature(objective, chain.output, y, 1)
    n, n_outputs = chain.output.shape
    probes = _probes(n_outputs).to(chain.output).expand(n, -1, -1)
    pulled = [chain.vjp_at_first_layer(u.clone()) for u in (probes, output_hvp(probes))]
    traces = (pulled[0] * pulled[1]).sum((1, 2)).clamp_min(0)
    return traces.masked_fill(~_is_convex(output_hvp, chain.output), torch.inf)


def _is_convex(output_hvp, output):
    """Whether each sample's Hessian at the outputs is positive semidefinite.

    Tested by Gershgorin circles, which for the cross-entropy exactly touch zero.
    """
    units = torch.eye(output.shape[1]).to(output)
    curvatures = output_hvp(units.expand(len(output), -1, -1))
    diagonal = curvatures.diagonal(dim1=1, dim2=2)
    off_diagonal = curvatures.abs().sum(2) - diagonal.abs()
    return (off_diagonal <= (1 + SLACK) * diagonal + SLACK**2).all(1)


def _probes(n):
    """Rows u whose sum of ``u u'`` is the identity, for large n only on average."""
    if n <= MAX_PROBES:
        return torch.eye(n)
    generator = torch.Generator().manual_seed(0)
    signs = torch.randint(2, (MAX_PROBES, n), generator=generator) * 2 - 1
    return signs / MAX_PROBES**0.5
