"""Factors ``F' A F`` of the Gauss-Newton matrix of a ReLU network, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from sufficient.theory.layers import ForwardPass, forward_pass
from sufficient.typing import ArrayLike

__all__ = ["GaussNewtonFactors", "gauss_newton_factors", "gauss_newton_norms"]


@dataclass(frozen=True)
class GaussNewtonFactors:
    """``H_i ~ F_i' A_i F_i`` for each of n samples.

    Attributes
    ----------
    F : Tensor of shape (n, n_classes, n_parameters), float64
        Jacobian of the logits; columns in the order of ``module.parameters()``.
    A : Tensor of shape (n, n_classes, n_classes), float64
        Hessian of the cross-entropy in the logits, ``diag(p) - p p'``.
    """

    F: Tensor
    A: Tensor

    @property
    def matrices(self) -> Tensor:
        """``F' A F`` of each sample, shape (n, n_parameters, n_parameters)."""
        return self.F.mT @ self.A @ self.F


def gauss_newton_factors(module: nn.Module, X: ArrayLike) -> GaussNewtonFactors:
    r"""Factors of the Gauss-Newton part of each sample's cross-entropy Hessian.

    .. math::

        H_i \approx F_i^\top A_i F_i, \qquad
        F_i = \bigl[ G^{(1)} \otimes x^{(1)\top},\ G^{(1)},\ \dots,\
            G^{(L)} \otimes x^{(L)\top},\ G^{(L)} \bigr], \qquad
        A_i = \operatorname{diag}(p) - p p^\top,

    with the inputs :math:`x^{(p)}` of each layer, the softmax p, and
    :math:`G^{(p)} = \partial z / \partial z^{(p)}
    = W^{(L)} D^{(L-1)} \cdots W^{(p+1)} D^{(p)}`, which is the identity for p = L.
    Layers without a bias lack the second block.

    Parameters
    ----------
    module : nn.Module
        `MLP` or ``nn.Sequential`` of Linear and ReLU that returns logits. Frozen
        weights and biases are included.
    X : Tensor or array-like of shape (n, ...)
        Samples.

    Returns
    -------
    GaussNewtonFactors
        Holds n * n_classes * n_parameters numbers, so it is for small networks.

    Raises
    ------
    ValueError
        If the module is not a fully connected ReLU network, or X does not fit it.

    References
    ----------
    Kiselev and Grabovoy, Unraveling the Hessian, arXiv 2409.11995, section 4.

    Examples
    --------
    >>> import torch
    >>> from sufficient import MLP, theory
    >>> factors = theory.gauss_newton_factors(MLP(4, 3, (5,)), torch.ones(2, 4))
    >>> factors.F.shape, factors.matrices.shape
    (torch.Size([2, 3, 43]), torch.Size([2, 43, 43]))
    """
    flow = forward_pass(module, X)
    blocks = []
    for p, G in enumerate(_logit_jacobians(flow)):
        blocks.append(torch.einsum("nki,nj->nkij", G, flow.inputs[p]).flatten(2))
        if flow.has_bias[p]:
            blocks.append(G)
    root = _root_of_softmax_hessian(flow.logits)
    return GaussNewtonFactors(torch.cat(blocks, dim=2), root @ root.mT)


def gauss_newton_norms(module: nn.Module, X: ArrayLike) -> np.ndarray:
    r"""Spectral norm of each sample's Gauss-Newton matrix, exact for any network size.

    The non-zero eigenvalues of :math:`F^\top A F` are those of the small matrix
    :math:`S^\top F F^\top S` with :math:`A = S S^\top` and

    .. math::

        F F^\top = \sum_{p=1}^L \bigl( \lVert x^{(p)} \rVert^2 + 1 \bigr)
            G^{(p)} G^{(p)\top},

    without the 1 for layers that have no bias. The matrices :math:`G^{(p)}` are those
    of `gauss_newton_factors`.

    Parameters
    ----------
    module : nn.Module
        `MLP` or ``nn.Sequential`` of Linear and ReLU that returns logits.
    X : Tensor or array-like of shape (n, ...)
        Samples.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    ValueError
        If the module is not a fully connected ReLU network, or X does not fit it.

    Examples
    --------
    Equal logits of two classes have ``||A|| = 1/2``:

    >>> import torch
    >>> from sufficient import theory
    >>> net = torch.nn.Linear(2, 2, bias=False)
    >>> _ = torch.nn.init.zeros_(net.weight)
    >>> theory.gauss_newton_norms(net, torch.tensor([[3.0, 4.0]])).round(6).tolist()
    [12.5]
    """
    flow = forward_pass(module, X)
    scales = flow.squared_inputs.T[:, :, None, None]
    jacobians = _logit_jacobians(flow)
    gram = sum(s * (G @ G.mT) for s, G in zip(scales, jacobians, strict=True))
    root = _root_of_softmax_hessian(flow.logits)
    norms = torch.linalg.matrix_norm(root.mT @ gram @ root, ord=2)
    return norms.cpu().numpy()


def _logit_jacobians(flow: ForwardPass) -> list[Tensor]:
    """G^(p) = dz / dz^(p) of shape (n, n_classes, h_p), first layer first."""
    n, n_classes = flow.logits.shape
    identity = torch.eye(n_classes).to(flow.logits)
    found = [identity.expand(n, -1, -1)]
    layers = zip(flow.weights[:0:-1], flow.masks[::-1], strict=True)
    for weight, mask in layers:
        found.insert(0, found[0] @ weight * mask[:, None, :])
    return found


def _root_of_softmax_hessian(logits: Tensor) -> Tensor:
    """S = (I - p 1') diag(sqrt p), for which S S' = diag(p) - p p'."""
    p = logits.softmax(dim=1)
    root = p.sqrt()
    return torch.diag_embed(root) - p[:, :, None] * root[:, None, :]
