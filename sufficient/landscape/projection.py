"""Loss, gradient and Hessian of every sample, projected onto a few directions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.func import jvp, vmap

from sufficient.curvature.layers.chain import LinearisedChain
from sufficient.curvature.layers.rules import pairwise_products
from sufficient.curvature.memory import Chunks
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.curvature.products import jacobian_products, output_curvature
from sufficient.ranks import Share
from sufficient.sample_weights import Targets
from sufficient.typing import Rows

__all__ = ["Projections", "project", "project_with_exact_mean"]

CHUNK = 512
MAX_NUMBERS = 2**23


@dataclass(frozen=True)
class Projections:
    """Loss, gradient and Hessian of n samples, projected onto d directions P.

    Attributes
    ----------
    losses : ndarray of shape (n,)
        l_i.
    gradients : ndarray of shape (n, d)
        g_i = P' grad l_i.
    hessians : ndarray of shape (n, d, d)
        h_i = P' H_i P.
    """

    losses: np.ndarray
    gradients: np.ndarray
    hessians: np.ndarray


def project(
    objective: Objective,
    X: Rows,
    y: Targets,
    basis: Tensor,
    *,
    matrix: str = "ggn",
) -> Projections:
    """Project loss, gradient and curvature of each sample onto a basis.

    Parameters
    ----------
    objective : Objective
        Network and loss.
    X, y : Rows, Targets
        Samples and targets.
    basis : Tensor of shape (n_parameters, d)
        Directions P.
    matrix : {"ggn", "hessian"}, default="ggn"
        ``"ggn"`` needs d derivatives of the outputs. It is exact if the network is
        linear in its parameters along P. ``"hessian"`` is always exact. It costs hardly
        more for a chain of layers, and d (d + 1) / 2 nested derivatives for other
        networks.

    Returns
    -------
    Projections
    """
    tangents = objective.unflatten(basis.T.contiguous())
    size, layers = CHUNK, objective.layers(X)
    if layers is None:
        one_chunk = {"ggn": _gauss_newton, "hessian": _exact}[matrix]
    else:
        one_chunk = partial(_by_layers, exact=matrix == "hessian")
        width = LinearisedChain(layers, objective.parameters, X[:1]).n_activations
        size = max(1, MAX_NUMBERS // (width * basis.shape[1]))

    def of_chunk(rows):
        return one_chunk(objective, X[rows], y[rows], tangents)

    parts = Chunks(size).map(of_chunk, len(X))
    return Projections(*(_joined(column) for column in zip(*parts, strict=True)))


def project_with_exact_mean(
    objective: Objective, X: Rows, y: Targets, basis: Tensor
) -> Projections:
    """Projections with exact Hessians, or at least an exact mean Hessian.

    For networks that are no chain of layers, the exact Hessian of every sample is
    expensive. Then Gauss-Newton matrices are used, and shifted by one matrix so that
    their mean is exact.
    """
    if objective.layers(X) is not None:
        return _project_share(objective, X, y, basis, matrix="hessian")
    found = _project_share(objective, X, y, basis, matrix="ggn")
    products = CurvatureOperator.of_share(objective, X, y).products(basis.T)
    mean = (products @ basis).cpu().double().numpy()
    shift = mean - found.hessians.mean(axis=0)
    return replace(found, hessians=found.hessians + shift)


def _project_share(objective, X, y, basis, matrix):
    share = Share.of(len(X))
    mine = project(objective, X[share.rows], y[share.rows], basis, matrix=matrix)
    return Projections(*map(share.joined, vars(mine).values()))


def _by_layers(objective, X, y, tangents, exact):
    chain = LinearisedChain(objective.layers(X), objective.parameters, X)
    output_gradient, output_hvp = output_curvature(objective, chain.output, y, 1)
    if exact:
        chain.keep_gradient(output_gradient)
    changes = chain.jvp(tangents)
    jvps = changes[-1]
    hessians = pairwise_products(jvps, output_hvp(jvps))
    if exact:
        hessians = hessians + chain.second_derivatives(changes, tangents)
    gradients = pairwise_products(jvps, output_gradient[:, None]).squeeze(2)
    return objective.loss(chain.output, y), gradients, hessians


def _gauss_newton(objective, X, y, tangents):
    output, jvps = jacobian_products(objective, X, tangents)
    output_gradient, output_hvp = output_curvature(objective, output, y, 1)
    hessians = pairwise_products(jvps, output_hvp(jvps))
    gradients = pairwise_products(jvps, output_gradient[:, None]).squeeze(2)
    return objective.loss(output, y), gradients, hessians


def _exact(objective, X, y, tangents):
    def losses(parameters):
        return objective.losses(parameters, X, y)

    def along(tangent):
        return lambda at: jvp(losses, (at,), (tangent,))[1]

    def second(first, other):
        return jvp(along(first), (objective.parameters,), (other,))[1]

    gradients = vmap(lambda t: along(t)(objective.parameters))(tangents)
    hessians = vmap(vmap(second, (None, 0)), (0, None))(tangents, tangents)
    return losses(objective.parameters), gradients.T, hessians.permute(2, 0, 1)


def _joined(parts):
    return torch.cat([part.detach() for part in parts]).cpu().double().numpy()
