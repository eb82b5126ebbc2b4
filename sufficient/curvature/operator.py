"""Products of the mean-loss Hessian, or of its Gauss-Newton part, with vectors."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from itertools import islice
from math import inf

import torch
from torch import Tensor

from sufficient.curvature.layers.displaced import LEFT_OUT
from sufficient.curvature.layers.rules import Tensors
from sufficient.curvature.memory import Chunks
from sufficient.curvature.objective import Objective, chunks
from sufficient.curvature.products import prepared_product
from sufficient.ranks import Share
from sufficient.reproducibility.devices import (
    OUT_OF_MEMORY,
    free_bytes,
    release_unused,
)
from sufficient.sample_weights import Targets
from sufficient.typing import Rows

__all__ = ["CHUNKS", "CurvatureOperator"]

# Samples at a time: few enough for the cache of a CPU, enough to use a whole GPU.
CHUNKS = {"cpu": 1024, "cuda": 2**14}
CACHE_BYTES = 2**31
BLOCK_SIZE = 16
FEW_SAMPLES = 64
MIN_STEP = 4


class CurvatureOperator:
    """Symmetric operator ``v -> M v`` for the curvature M of the mean loss.

    The part of the work that all products share is done once per chunk of samples and
    cached. A product then costs one forward and one backward pass. It uses the rules of
    the layers if the network is a chain of layers, and the recorded graph of the
    gradient otherwise. Chunks become smaller if memory runs out, and those that do not
    fit in memory are prepared again for every product.

    Parameters
    ----------
    objective : Objective
        Network and loss.
    X, y : Rows, Targets
        Samples and targets, on the device of the network.
    matrix : {"hessian", "ggn"}, default="hessian"
        Full Hessian, or generalised Gauss-Newton matrix ``mean_i J_i' A_i J_i``.
    chunk_size : int or None, default=None
        Samples that are prepared at a time. None caches all samples if they fit.
    share : Share or None, default=None
        Which part of all samples X and y are, if other ranks have the rest. None if
        they are all samples.
    """

    def __init__(
        self,
        objective: Objective,
        X: Rows,
        y: Targets,
        *,
        matrix: str = "hessian",
        chunk_size: int | None = None,
        share: Share | None = None,
    ) -> None:
        self.objective, self.X, self.y, self.matrix = objective, X, y, matrix
        self.share = share or Share(len(X))
        self.layers = objective.layers(X)
        self._chunks = Chunks(chunk_size or self._chunk_that_fits())
        n_samples = min(len(X), self.chunk_size)
        self._block_size = BLOCK_SIZE * max(1, CHUNKS["cpu"] // n_samples)
        self._kept: list[Callable[[Tensors], Tensors]] = []
        if self._fits(chunk_size):
            self._prepare()

    @property
    def chunk_size(self) -> int:
        """Number of samples that are prepared at a time."""
        return self._chunks.size

    @classmethod
    def of_share(
        cls,
        objective: Objective,
        X: Rows,
        y: Targets,
        *,
        matrix: str = "hessian",
        chunk_size: int | None = None,
    ) -> CurvatureOperator:
        """The operator for all samples X, split between the ranks."""
        share = Share.of(len(X))
        # Called here with all samples, so that every rank checks the chain on the same.
        objective.layers(X)
        return cls(
            objective,
            X[share.rows],
            y[share.rows],
            share=share,
            matrix=matrix,
            chunk_size=chunk_size,
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (n_parameters, n_parameters) of the matrix."""
        return (self.objective.n_parameters,) * 2

    def __matmul__(self, vector: Tensor) -> Tensor:
        return self.products(vector[None])[0]

    def products(self, rows: Tensor) -> Tensor:
        """Products with several vectors, rows of a tensor (n_vectors, n_parameters).

        Returns
        -------
        Tensor of shape (n_vectors, n_parameters) or wider
            After compression, each row ends with the entries of the product for the
            weights that were left out.
        """
        blocks = [self._products(block) for block in rows.split(self._block_size)]
        return self.share.sum(blocks[0] if len(blocks) == 1 else torch.cat(blocks))

    @property
    def n_that_fit(self) -> int:
        """Number of samples whose cached results fit in memory."""
        spare = min(_spare_bytes(self.X.device), self.objective.cache_bytes)
        return int(spare // self._bytes_per_sample)

    def subsampled(self, n_samples: int) -> CurvatureOperator | None:
        """The operator for `n_samples` evenly spaced samples; None if X is small."""
        step = self.share.n // n_samples
        if step < MIN_STEP:
            return None
        share, rows = self.share.every(step)
        X, y = self.X[rows], self.y[rows]
        return CurvatureOperator(self.objective, X, y, matrix=self.matrix, share=share)

    def _products(self, rows):
        V = self.objective.unflatten(rows)
        while self._kept:
            try:
                return _sum_by_name(
                    V, (product(V) for product in self._products_of_all())
                )
            except OUT_OF_MEMORY:
                self._kept = []
            # Outside the except block, the tensors of the failed attempt are freed.
            self._prepare_smaller()
        parts = self._chunks.map(lambda rows: self._chunk_product(rows)(V), len(self.X))
        return _sum_by_name(V, parts)

    def _products_of_all(self):
        yield from self._kept
        others = islice(chunks(len(self.X), self.chunk_size), len(self._kept), None)
        yield from map(self._chunk_product, others)

    def _prepare(self):
        """Prepare and keep all chunks, or half of those for which there is memory."""
        try:
            for rows in chunks(len(self.X), self.chunk_size):
                self._kept.append(self._chunk_product(rows))
        except OUT_OF_MEMORY:
            del self._kept[len(self._kept) // 2 :]

    def _prepare_smaller(self):
        release_unused()
        size = min(self.chunk_size, len(self.X)) // 2
        if size:
            self._chunks = Chunks(size)
            self._prepare()

    def _chunk_product(self, rows):
        return self._prepared(self.X[rows], self.y[rows], self.share.n)

    def _prepared(self, X, y, n):
        return prepared_product(self.objective, self.layers, X, y, n, self.matrix)

    def _chunk_that_fits(self):
        if len(self.X) <= FEW_SAMPLES:
            return FEW_SAMPLES
        # No more of a stream than it holds in memory.
        kind = self.X.device.type if isinstance(self.X, Tensor) else "cpu"
        most = CHUNKS.get(kind, CHUNKS["cuda"])
        share = _spare_bytes(self.X.device) / (4 * BLOCK_SIZE)
        return int(max(1, min(most, share // self._bytes_per_sample)))

    def _fits(self, chunk_size):
        n = len(self.X)
        return n <= self.chunk_size or (chunk_size is None and n <= self.n_that_fit)

    @cached_property
    def _bytes_per_sample(self):
        few, more = (min(n, len(self.X)) for n in (8, 16))
        try:
            if few == more:
                return self._bytes(few) / few
            return max(1, (self._bytes(more) - self._bytes(few)) / (more - few))
        except OUT_OF_MEMORY:
            return inf

    def _bytes(self, n):
        sizes: dict[int, int] = {}

        def pack(tensor):
            storage = tensor.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
            return tensor

        X, y = self.X[:n].clone(), self.y[:n].clone()
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            prepared = self._prepared(X, y, n)
        return sum(sizes.values()) + getattr(prepared, "n_bytes", 0)


def _sum_by_name(V, parts):
    total: dict[str, Tensor] = {}
    for part in parts:
        for name, more in part.items():
            total[name] = total[name].add_(more) if name in total else more
    names = [*V, *([LEFT_OUT] if LEFT_OUT in total else [])]
    return torch.cat([total[name].flatten(1) for name in names], dim=1)


def _spare_bytes(device):
    free = free_bytes(device)
    return CACHE_BYTES if free is None else free // 2
