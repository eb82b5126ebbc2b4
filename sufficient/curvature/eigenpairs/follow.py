"""Leading eigenpairs at fixed weights, updated as samples are added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log

import numpy as np
import torch
from torch import Tensor

from sufficient.curvature.eigenpairs.certificate import residual_norms
from sufficient.curvature.eigenpairs.compression import Compression, compression_of
from sufficient.curvature.eigenpairs.leading import LeadingCurvature, leading_curvature
from sufficient.curvature.eigenpairs.one_more_batch import grown_spectrum
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.ranks import broadcast, ranks
from sufficient.results import EigenResult
from sufficient.sample_weights import Targets
from sufficient.typing import Rows

__all__ = ["FollowedCurvature"]

GROWTH = 1.25
BLOCK = 1024
# Ritz vectors per eigenpair: a space with more than the first is cut to the second.
MAX_VECTORS = 4
KEPT_VECTORS = 3
N_KEPT = 160


class FollowedCurvature:
    """The leading eigenpairs of the first n samples, for increasing n.

    At fixed weights, ``(n + b) H_{n+b} = n H_n + b h_batch``. So the space of the last
    eigenpairs needs products with the new samples only. If it no longer certifies the
    tolerance, its residuals are added to it, which takes products with all samples.
    Residuals cannot reveal a new leading direction outside the space. For this, a full
    search is made whenever the number of samples has grown by a quarter.

    Parameters
    ----------
    objective : Objective
        Network and loss at the fixed weights.
    X, y : Rows, Targets
        All samples, in the order in which they are added.
    n_directions : int
        Number of eigenpairs.
    tol : float
        Largest relative error of each eigenvalue.
    past : sequence of int, default=()
        Numbers of samples measured before an interruption. The steps since the last
        full search are repeated, so the result does not depend on the interruption.
    """

    def __init__(
        self,
        objective: Objective,
        X: Rows,
        y: Targets,
        *,
        n_directions: int,
        tol: float,
        past: Sequence[int] = (),
    ) -> None:
        self.full, self.X, self.y = objective, X, y
        self.n_directions, self.tol, self.past = n_directions, tol, past
        self.n = 0
        self.found: LeadingCurvature | None = None
        self.seen: _SeenHessian | None = None
        self.compression: Compression | None = None
        self.loss_sum, self.gradient_sum = 0.0, torch.zeros_like(objective.weights)

    def follow(self, n: int, seek_copies: bool = False) -> LeadingCurvature:
        """Leading curvature of the first n samples.

        Parameters
        ----------
        n : int
            Number of samples, not smaller than in the last call.
        seek_copies : bool, default=False
            Whether a full search includes copies of multiple eigenvalues.

        Returns
        -------
        LeadingCurvature
        """
        if not self.n:
            self.compression = compression_of(self.full, self.X, self.y, N_KEPT)
            self._catch_up(_growth_level(n), seek_copies)
        return self._follow(n, seek_copies)

    def _catch_up(self, level, seek_copies):
        for n in self.past:
            if _growth_level(n) == level:
                self._follow(n, seek_copies)
            else:
                self._add_losses(n)

    def _follow(self, n, seek_copies):
        before, found, compression = self.n, self.found, self.compression
        if n == before:
            return found
        self._add_losses(n)
        if found is not None and _growth_level(n) == _growth_level(before):
            grown = self._grown(found, self.seen, before)
            if grown is not None:
                self.found = grown
                return grown
            # The error of the compression or of the space has become too large.
            compression = None
        self.found = self._from_scratch(compression, seek_copies)
        return self.found

    def loss_and_gradient(self) -> tuple[float, Tensor]:
        """Mean loss of the samples so far, and its gradient."""
        return self.loss_sum / self.n, self.gradient_sum / self.n

    def _add_losses(self, n):
        rows = slice(self.n, n)
        loss, gradient = self.full.loss_and_gradient(self.X[rows], self.y[rows])
        self.loss_sum += loss * (n - self.n)
        self.gradient_sum += gradient * (n - self.n)
        self.n = n

    def _from_scratch(self, compression, seek_copies):
        first = slice(0, self.n)
        X, y = self.X[first], self.y[first]
        if compression is not None:
            compression = compression.for_samples(X, y)
        generator = torch.Generator().manual_seed(self.n)
        start = torch.randn(self.full.n_parameters, generator=generator)
        found = leading_curvature(
            self.full,
            X,
            y,
            n_directions=self.n_directions,
            tol=self.tol,
            start=start.to(self.full.weights),
            compress=compression is not None,
            compression=compression,
            seek_copies=seek_copies,
        )
        seen = self.seen
        if seen is None or seen.objective is not found.objective:
            seen = _SeenHessian(found.objective, found.inputs(self.X), self.y)
        seen.n, self.seen = self.n, seen
        return replace(found, operator=seen)

    def _grown(self, found, seen, before):
        rows = slice(before, self.n)
        grown = grown_spectrum(
            found.space,
            seen,
            seen.operator(rows),
            weight=(self.n - before) / self.n,
            eigenvalues=found.pairs.eigenvalues,
            tol=self.tol / 2,
            share_of_shift=0.0,
        )
        seen.n = self.n
        return self._leading(found, grown) if grown.converged else None

    def _leading(self, found, grown):
        values, space = grown.eigenvalues, grown.space
        if len(space.basis) > MAX_VECTORS * len(values):
            space = _leading_part(grown, KEPT_VECTORS * len(values))
            vectors, products = (
                rows[: len(values)] for rows in (space.basis, space.products)
            )
        else:
            leading = grown.vectors[: len(values)]
            vectors, products = leading @ space.basis, leading @ space.products
        shortfall, compression = np.zeros_like(values), found.compression
        if compression is not None:
            shortfall = compression.shortfall(values, products, self.tol / 2)
            if shortfall is None:
                return None
        pairs = EigenResult(
            eigenvalues=values,
            eigenvectors=vectors.T,
            residuals=residual_norms(values, vectors, products),
            n_products=len(grown.space.basis) - len(found.space.basis),
            converged=True,
        )
        return replace(found, pairs=pairs, space=space, shortfall=shortfall)


class _SeenHessian:
    """The mean Hessian of the first n samples, with cached products for most blocks."""

    def __init__(self, objective: Objective, X: Rows, y: Targets) -> None:
        self.objective, self.X, self.y, self.n = objective, X, y, 0
        self.blocks: list[CurvatureOperator] = []
        self.size = BLOCK * ranks().size
        self.max_blocks = broadcast(self.operator(slice(0, BLOCK)).n_that_fit // BLOCK)

    def operator(self, rows: slice) -> CurvatureOperator:
        """The mean Hessian of some samples."""
        return CurvatureOperator.of_share(self.objective, self.X[rows], self.y[rows])

    def products(self, vectors: Tensor) -> Tensor:
        """Products with the mean Hessian of the first n samples."""
        size, whole = self.size, min(self.n // self.size, self.max_blocks)
        for i in range(len(self.blocks), whole):
            self.blocks.append(self.operator(slice(i * size, (i + 1) * size)))
        products = (block.products(vectors) for block in self.blocks[:whole])
        total = sum(products, vectors.new_zeros(())) * size
        for start in range(whole * size, self.n, size):
            tail = slice(start, min(start + size, self.n))
            total = total + self.operator(tail).products(vectors) * (tail.stop - start)
        return total / self.n


def _leading_part(grown, n_vectors):
    rotation, space = grown.vectors[:n_vectors], grown.space
    return replace(
        space, basis=rotation @ space.basis, products=rotation @ space.products
    )


def _growth_level(n):
    """Number of times by which n has grown by a quarter; a full search for each."""
    return int(log(n) / log(GROWTH))
