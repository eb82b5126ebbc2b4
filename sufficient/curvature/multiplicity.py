"""Copies of an eigenvalue, which one start vector cannot tell apart."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from sufficient.curvature.eigen import KrylovSpace, lanczos
from sufficient.results import EigenResult

__all__ = ["with_hidden_copies"]

ROUGHLY = 0.03
MOST_ROUNDS = 8


class _Deflated:
    """The operator on what is orthogonal to the columns of P."""

    def __init__(self, operator, P: Tensor) -> None:
        self.operator, self.P, self.shape = operator, P, operator.shape

    def __matmul__(self, vector):
        return self.outside(self.operator @ self.outside(vector))

    def outside(self, vector):
        return vector - self.P @ (self.P.T @ vector)


def with_hidden_copies(
    operator, pairs: EigenResult, space: KrylovSpace, *, tol: float, max_products: int
) -> tuple[EigenResult, KrylovSpace]:
    """Look for large eigenvalues outside the eigenvectors found, and take them in.

    A Krylov space meets every eigenspace in one direction only, so of a multiple
    eigenvalue it finds a single copy. A second search, orthogonal to the vectors found,
    meets the next one. It is made roughly first, and to the tolerance only where it
    finds something.

    Parameters
    ----------
    operator : CurvatureOperator or Tensor
        What was searched.
    pairs, space : EigenResult, KrylovSpace
        What was found.
    tol : float
        Largest relative error of each eigenvalue.
    max_products : int
        Products of one search at most.

    Returns
    -------
    EigenResult, KrylovSpace
        `space.n_hidden` counts the eigenpairs that the first search had missed.
    """
    d = len(pairs.eigenvalues)
    for round_ in range(MOST_ROUNDS):
        if d == operator.shape[0]:
            break
        deflated = _Deflated(operator, pairs.eigenvectors)
        search = {"start": _start(deflated, round_), "max_products": max_products}
        rough, _ = lanczos(deflated, 1, tol=ROUGHLY, **search)
        pairs = replace(pairs, n_products=pairs.n_products + rough.n_products)
        if rough.eigenvalues[0] <= pairs.eigenvalues[-1] * (1 + tol):
            break
        more, beside = lanczos(deflated, d, tol=tol, **search)
        pairs, space = _merged(pairs, space, more, beside)
    return pairs, space


def _start(deflated, seed):
    P = deflated.P
    generator = torch.Generator(device=P.device).manual_seed(seed)
    draw = torch.randn(len(P), generator=generator, dtype=P.dtype, device=P.device)
    return deflated.outside(draw)


def _merged(pairs, space, more, beside):
    d = len(pairs.eigenvalues)
    values = np.concatenate([pairs.eigenvalues, more.eigenvalues])
    order = np.argsort(-values, kind="stable")[:d]
    vectors = torch.cat([pairs.eigenvectors, more.eigenvectors], dim=1)
    merged = EigenResult(
        eigenvalues=values[order],
        eigenvectors=torch.linalg.qr(vectors[:, torch.as_tensor(order)])[0],
        residuals=np.concatenate([pairs.residuals, more.residuals])[order],
        n_products=pairs.n_products + more.n_products,
        converged=pairs.converged and more.converged,
    )
    # The rows of a space are Ritz vectors in order, the first d of them eigenvectors.
    wider = KrylovSpace(
        basis=torch.cat([space.basis[:d], beside.basis]),
        images=torch.cat([space.images[:d], beside.images]),
        smallest_value=min(space.smallest_value, beside.smallest_value),
        n_hidden=space.n_hidden + int((order >= d).sum()),
    )
    return merged, wider
