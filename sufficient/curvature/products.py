"""Hessian-vector products for one chunk of samples, with the shared work done once."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd import grad

from sufficient.curvature.layers.chain import LinearisedChain, NamedLayers
from sufficient.curvature.layers.rules import Tensors
from sufficient.curvature.objective import Objective
from sufficient.sample_weights import Targets

__all__ = ["jacobian_products", "output_curvature", "prepared_product"]

MAX_EXPLICIT_OUTPUTS = 32


def prepared_product(
    objective: Objective,
    layers: NamedLayers | None,
    X: Tensor,
    y: Targets,
    n: int,
    matrix: str,
) -> Callable[[Tensors], Tensors]:
    """Products with the curvature of the loss, summed over a chunk and divided by n.

    Parameters
    ----------
    objective : Objective
        Network and loss.
    layers : list of (str, nn.Module) or None
        Layers of the network if it is a chain; with None, the graph of the gradient is
        recorded instead.
    X, y : Tensor
        A chunk of samples.
    n : int
        Number of samples in all chunks together.
    matrix : {"hessian", "ggn"}
        Full Hessian or generalised Gauss-Newton matrix.

    Returns
    -------
    callable
        Takes d directions, tensors of shape (d, ...) by name, and returns the products
        in the same form.
    """
    if layers is not None:
        return _ChainProduct(objective, layers, X, y, n, matrix)
    kind = {"hessian": _hessian_product, "ggn": _ggn_product}[matrix]
    return _for_each_direction(kind(objective, X, y, n))


def output_curvature(
    objective: Objective, output: Tensor, y: Targets, n: int
) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Derivatives of the summed loss, divided by n, with respect to the outputs.

    Returns
    -------
    Tensor of shape (n_samples, ...)
        Gradient.
    callable
        Products of the Hessian with tensors of shape (n_samples, d, ...).
    """
    few = output.ndim == 2 and output.shape[1] <= MAX_EXPLICIT_OUTPUTS
    if few and y.ndim == 1 and objective.loss.derivatives is not None:
        gradients, curvatures = objective.loss.known_derivatives(output.detach(), y)
        hessians = curvatures / n
        return gradients / n, lambda changes: changes @ hessians
    at = output.detach().requires_grad_()
    output_gradient = grad(objective.loss(at, y).sum() / n, at, create_graph=True)
    product = _backward_product(output_gradient, [at])

    def along_each(changes):
        return torch.stack([product([change])[0] for change in changes.unbind(1)], 1)

    if not few:
        return output_gradient[0].detach(), along_each
    units = torch.eye(output.shape[1]).to(output)
    curvatures = along_each(units.expand(len(output), -1, -1))
    return output_gradient[0].detach(), lambda changes: changes @ curvatures


def jacobian_products(
    objective: Objective, X: Tensor, V: Tensors
) -> tuple[Tensor, Tensor]:
    """Outputs of the network, and their derivatives along d directions.

    Without forward-mode derivatives, which recurrent layers have on no graphics card.

    Returns
    -------
    Tensor of shape (n_samples, ...)
        Outputs.
    Tensor of shape (n_samples, d, ...)
        Derivatives.
    """
    leaves = _leaves(objective)
    output = objective.outputs(leaves, X)
    jvp = _forward_product(output, list(leaves.values()))
    columns = [jvp(parts)[0] for parts in zip(*V.values(), strict=True)]
    return output.detach(), torch.stack(columns, 1)


class _ChainProduct:
    """Products computed by the rules of the layers."""

    def __init__(self, objective, layers, X, y, n, matrix):
        self.parameters = objective.parameters
        self.chain = LinearisedChain(layers, self.parameters, X)
        output_gradient, self.output_hvp = output_curvature(
            objective, self.chain.output, y, n
        )
        if matrix == "hessian":
            self.chain.keep_gradient(output_gradient)
        self.n_bytes = self.chain.n_bytes

    def __call__(self, V: Tensors) -> Tensors:
        changes = self.chain.jvp(V)
        products = self.chain.hessian_product(self.output_hvp(changes[-1]), changes, V)
        untouched = self.parameters.keys() - products.keys()
        return products | {name: torch.zeros_like(V[name]) for name in untouched}


def _for_each_direction(product):
    """Turn a product with one direction into a product with several."""

    def products(V):
        directions = zip(*V.values(), strict=True)
        products = zip(*map(product, directions), strict=True)
        return {name: torch.stack(rows) for name, rows in zip(V, products, strict=True)}

    return products


def _hessian_product(objective, X, y, n):
    leaves = _leaves(objective)
    loss = objective.losses(leaves, X, y).sum() / n
    inputs = list(leaves.values())
    gradient = grad(loss, inputs, create_graph=True, allow_unused=True)
    return _backward_product(gradient, inputs)


def _ggn_product(objective, X, y, n):
    leaves = _leaves(objective)
    output = objective.outputs(leaves, X)
    inputs = list(leaves.values())
    jvp = _forward_product(output, inputs)
    _, output_hvp = output_curvature(objective, output, y, n)
    vjp = _backward_product([output], inputs)
    return lambda parts: vjp([output_hvp(jvp(parts)[0][:, None])[:, 0]])


def _leaves(objective):
    return {
        name: p.clone().requires_grad_() for name, p in objective.parameters.items()
    }


def _forward_product(output, inputs):
    """``v -> J v``, by differentiating the linear map ``u -> J' u`` with its graph."""
    dual = torch.zeros_like(output, requires_grad=True)
    vjp = grad(output, inputs, dual, create_graph=True, allow_unused=True)
    return _backward_product(vjp, [dual])


def _backward_product(outputs, inputs):
    """``v -> d <outputs, v> / d inputs``, through the recorded graph."""
    used = [i for i, out in enumerate(outputs) if out is not None and out.requires_grad]

    def product(parts):
        if not used:
            return [torch.zeros_like(each) for each in inputs]
        return grad(
            [outputs[i] for i in used],
            inputs,
            [parts[i] for i in used],
            retain_graph=True,
            materialize_grads=True,
        )

    return product
