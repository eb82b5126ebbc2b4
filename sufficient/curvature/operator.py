"""Products of the mean-loss Hessian, or of its Gauss-Newton part, with vectors."""

from __future__ import annotations

from functools import cached_property
from math import inf

import torch
from torch import Tensor

from sufficient.curvature.layers.displaced import LEFT_OUT
from sufficient.curvature.memory import OUT_OF_MEMORY, Chunks
from sufficient.curvature.objective import Objective, chunks
from sufficient.curvature.products import prepared_product
from sufficient.ranks import Share
from sufficient.typing import Rows

__all__ = ["CurvatureOperator"]

# What fits a cache, and what keeps a graphics card busy.
CHUNKS = {"cpu": 1024, "cuda": 2**14}
KEPT_BYTES = 2**31
MOST_TOGETHER = 16
FEW_SAMPLES = 64
LEAST_STEP = 4


class CurvatureOperator:
    """Symmetric operator ``v -> M v`` for the curvature M of the mean loss.

    What all products have in common is computed once per chunk of samples and kept, so
    that each costs one pass forward and one back: by the rules of the layers where the
    network is a chain of layers that have rules, through the recorded graph of its
    gradient otherwise. What would not fit in memory is prepared anew for every product,
    and by smaller chunks from where memory has run out.

    Parameters
    ----------
    objective : Objective
        Network and loss.
    X, y : Rows, Tensor
        Samples and targets, on the device of the network.
    matrix : {"hessian", "ggn"}, default="hessian"
        Full Hessian, or generalised Gauss-Newton matrix ``mean_i J_i' A_i J_i``.
    chunk_size : int or None, default=None
        Samples that are prepared at a time. None keeps all where they fit.
    share : Share or None, default=None
        Which part of the samples X and y are, the others being with other ranks. None
        where they are all.
    """

    def __init__(
        self,
        objective: Objective,
        X: Rows,
        y: Tensor,
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
        self._together = MOST_TOGETHER * max(1, CHUNKS["cpu"] // n_samples)
        self._kept = self._prepared_for_good() if self._fits(chunk_size) else None

    @property
    def chunk_size(self) -> int:
        """Samples that are prepared at a time."""
        return self._chunks.size

    @classmethod
    def of_share(
        cls,
        objective: Objective,
        X: Rows,
        y: Tensor,
        *,
        matrix: str = "hessian",
        chunk_size: int | None = None,
    ) -> CurvatureOperator:
        """The operator of all samples, of which this rank takes its share."""
        share = Share.of(len(X))
        # What is found of the network is kept: by the same samples on every rank.
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
        """(n_parameters, n_parameters)."""
        return (self.objective.n_parameters,) * 2

    def __matmul__(self, vector: Tensor) -> Tensor:
        return self.images(vector[None])[0]

    def images(self, rows: Tensor) -> Tensor:
        """Products with several vectors, rows of a tensor (n_vectors, n_parameters).

        Returns
        -------
        Tensor of shape (n_vectors, n_parameters)
            Or wider: at the end of a row stands how parameters would be moved that were
            left out of the objective.
        """
        blocks = [self._images(block) for block in rows.split(self._together)]
        return self.share.sum(blocks[0] if len(blocks) == 1 else torch.cat(blocks))

    @property
    def n_that_fit(self) -> int:
        """Samples whose preparation fits in memory."""
        spare = min(_spare_bytes(self.X.device), self.objective.cache_bytes)
        return int(spare // self._bytes_per_sample)

    def sampled(self, n_samples: int) -> CurvatureOperator | None:
        """The same for evenly spaced samples; None where those are not few."""
        step = self.share.n // n_samples
        if step < LEAST_STEP:
            return None
        share, rows = self.share.every(step)
        X, y = self.X[rows], self.y[rows]
        return CurvatureOperator(self.objective, X, y, matrix=self.matrix, share=share)

    def _images(self, rows):
        V = self.objective.unflatten(rows)
        if self._kept is not None:
            try:
                return _summed(V, (product(V) for product in self._kept))
            except OUT_OF_MEMORY:
                self._kept = None
        parts = self._chunks.each(lambda rows: self._of(rows)(V), len(self.X))
        return _summed(V, parts)

    def _prepared_for_good(self):
        try:
            return [self._of(rows) for rows in chunks(len(self.X), self.chunk_size)]
        except OUT_OF_MEMORY:
            return None

    def _of(self, rows):
        return self._prepared(self.X[rows], self.y[rows], self.share.n)

    def _prepared(self, X, y, n):
        return prepared_product(self.objective, self.layers, X, y, n, self.matrix)

    def _chunk_that_fits(self):
        if len(self.X) <= FEW_SAMPLES:
            return FEW_SAMPLES
        most = CHUNKS.get(self.X.device.type, CHUNKS["cuda"])
        share = _spare_bytes(self.X.device) / (4 * MOST_TOGETHER)
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


def _summed(V, parts):
    total: dict[str, Tensor] = {}
    for part in parts:
        for name, moved in part.items():
            total[name] = total[name].add_(moved) if name in total else moved
    names = [*V, *([LEFT_OUT] if LEFT_OUT in total else [])]
    return torch.cat([total[name].flatten(1) for name in names], dim=1)


def _spare_bytes(device):
    if device.type != "cuda":
        return KEPT_BYTES
    free, _ = torch.cuda.mem_get_info(device)
    return free // 2
