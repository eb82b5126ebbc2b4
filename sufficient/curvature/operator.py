"""Products of the mean-loss Hessian, or of its Gauss-Newton part, with vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.autograd import grad

from sufficient.curvature.objective import Objective, chunks

__all__ = ["CurvatureOperator", "images_of"]

DEFAULT_CHUNK = 1024
KEPT_GRAPH_BYTES = 2**31


class CurvatureOperator:
    """Symmetric operator ``v -> M v`` for the curvature M of the mean loss.

    The forward and backward pass of a chunk of objects is made once and its graph kept,
    so that every further product costs a single backward pass through it. Where the
    graphs of all chunks would not fit in memory, they are rebuilt for every product.

    Parameters
    ----------
    objective : Objective
        Network and loss.
    X, y : Tensor
        Objects and targets, on the device of the network.
    matrix : {"hessian", "ggn"}, default="hessian"
        Full Hessian, or generalised Gauss-Newton matrix ``mean_i J_i' A_i J_i``.
    chunk_size : int or None, default=None
        Objects whose graph is held at a time. None keeps all graphs where they fit.
    """

    def __init__(
        self,
        objective: Objective,
        X: Tensor,
        y: Tensor,
        *,
        matrix: str = "hessian",
        chunk_size: int | None = None,
    ) -> None:
        self.objective, self.X, self.y = objective, X, y
        self._linearise = {"hessian": _hessian_chunk, "ggn": _ggn_chunk}[matrix]
        self.chunk_size = chunk_size or DEFAULT_CHUNK
        self._kept = list(self._pieces()) if self._fits(chunk_size) else None

    @property
    def shape(self) -> tuple[int, int]:
        """(n_parameters, n_parameters)."""
        return (self.objective.n_parameters,) * 2

    def __matmul__(self, vector: Tensor) -> Tensor:
        parts = list(self.objective.unflatten(vector).values())
        total = torch.zeros_like(vector)
        for product in self._kept or self._pieces():
            total += self.objective.flatten(product(parts))
        return total

    def _pieces(self) -> Iterator[Callable]:
        n = len(self.X)
        for rows in chunks(n, self.chunk_size):
            yield self._linearise(self.objective, self.X[rows], self.y[rows], n)

    def _fits(self, chunk_size):
        if chunk_size is not None:
            return len(self.X) <= chunk_size
        few, more = self._graph_bytes(8), self._graph_bytes(16)
        return (more - few) / 8 * len(self.X) <= KEPT_GRAPH_BYTES

    def _graph_bytes(self, n_probe):
        sizes: dict[int, int] = {}

        def pack(tensor):
            storage = tensor.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
            return tensor

        X, y = self.X[:n_probe].clone(), self.y[:n_probe].clone()
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            kept = self._linearise(self.objective, X, y, n_probe)
        del kept
        return sum(sizes.values())


def images_of(operator, rows: Tensor) -> Tensor:
    """Products with several vectors, rows of a tensor (n_vectors, n_parameters)."""
    return torch.stack([operator @ row for row in rows]) if len(rows) else rows


def _hessian_chunk(objective, X, y, n):
    leaves = _leaves(objective)
    loss = objective.losses(leaves, X, y).sum() / n
    gradient = grad(loss, list(leaves.values()), create_graph=True, allow_unused=True)
    return _backward_product(gradient, leaves)


def _ggn_chunk(objective, X, y, n):
    leaves = _leaves(objective)
    output = objective.outputs(leaves, X)
    pushed = _forward_product(output, leaves)
    detached = output.detach().requires_grad_()
    slope = grad(objective.loss(detached, y).sum() / n, detached, create_graph=True)
    bend = _backward_product(slope, {"output": detached})
    pull = _backward_product([output], leaves)
    return lambda parts: pull(bend(pushed(parts)))


def _leaves(objective):
    return {
        name: p.clone().requires_grad_() for name, p in objective.parameters.items()
    }


def _forward_product(output, leaves):
    """J v by differentiating the linear map u -> J' u, whose graph is kept."""
    dual = torch.zeros_like(output, requires_grad=True)
    pulled = grad(
        output, list(leaves.values()), dual, create_graph=True, allow_unused=True
    )
    return _backward_product(pulled, {"dual": dual})


def _backward_product(outputs, leaves):
    """``v -> d <outputs, v> / d leaves`` through the kept graph."""
    used = [i for i, out in enumerate(outputs) if out is not None and out.requires_grad]
    inputs = list(leaves.values())

    def product(parts):
        if not used:
            return [torch.zeros_like(leaf) for leaf in inputs]
        return grad(
            [outputs[i] for i in used],
            inputs,
            [parts[i] for i in used],
            retain_graph=True,
            materialize_grads=True,
        )

    return product
