"""Norms of the Gauss-Newton part (G-term) and of the rest (H-term) of the Hessian."""

from __future__ import annotations

import copy
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from torch import Tensor, nn

from sufficient.curvature.eigenpairs.lanczos import lanczos
from sufficient.curvature.eigenpairs.leading import MAX_PRODUCTS
from sufficient.curvature.losses import Loss
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.reproducibility.arithmetic import exact_arithmetic
from sufficient.typing import ArrayLike, RandomState

__all__ = ["HessianSplit", "hessian_split"]


@dataclass(frozen=True)
class HessianSplit:
    """Spectral norms of the Hessian and of its two parts.

    Attributes
    ----------
    hessian, g_term, h_term : ndarray of shape (n,)
        Norm of each sample's Hessian, of its Gauss-Newton part, and of the rest.
    mean_hessian, mean_g_term, mean_h_term : float
        The same for the mean Hessian of the samples.

    Examples
    --------
    The norm of a sum is at most the sum of the norms:

    >>> import torch
    >>> from sufficient import MLP, theory
    >>> X, y = torch.randn(5, 4), torch.zeros(5, dtype=torch.long)
    >>> split = theory.hessian_split(MLP(4, 3, (5,)), X, y)
    >>> bool((split.hessian <= 1.01 * (split.g_term + split.h_term)).all())
    True
    """

    hessian: np.ndarray
    g_term: np.ndarray
    h_term: np.ndarray
    mean_hessian: float
    mean_g_term: float
    mean_h_term: float


def hessian_split(
    module: nn.Module,
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: Loss = "cross_entropy",
    tol: float = 1e-3,
    random_state: RandomState = None,
) -> HessianSplit:
    r"""Spectral norms of the Hessian, of its Gauss-Newton part and of the rest.

    .. math::

        H_i = \underbrace{J_i^\top \nabla_z^2 \ell_i\, J_i}_{\text{G-term}}
        + \underbrace{\sum_k \frac{\partial \ell_i}{\partial z_k}
            \nabla_w^2 z_k}_{\text{H-term}}

    Each norm is the root of the largest eigenvalue of the squared matrix, computed by
    the Lanczos method in float64. No matrix is formed, so any network of any size can
    be used.

    Parameters
    ----------
    module : nn.Module
        Network at the weights of interest, evaluated in eval mode and not modified.
    X : Tensor or array-like of shape (n, ...)
        Samples. Each sample takes a few hundred Hessian-vector products.
    y : Tensor or array-like of shape (n,) or (n, n_outputs)
        Targets.
    loss : {"cross_entropy", "mse"}, nn.Module or callable, default="cross_entropy"
        The loss of one sample, as in `sufficient.curvature.top_eigenpairs`.
    tol : float, default=1e-3
        Largest relative error of a squared norm.
    random_state : int, RandomState instance or None, default=None
        Seed of the start vectors.

    Returns
    -------
    HessianSplit

    Raises
    ------
    ValueError
        If X and y differ in length or the module has no trainable parameters.

    Warns
    -----
    ConvergenceWarning
        If a norm was not certified within 800 products.

    Examples
    --------
    A linear model has no H-term:

    >>> import torch
    >>> from sufficient import theory
    >>> net, X = torch.nn.Linear(4, 3), torch.randn(5, 4)
    >>> split = theory.hessian_split(net, X, torch.zeros(5, dtype=torch.long))
    >>> bool(split.h_term.max() < 1e-9)
    True
    """
    objective = Objective(copy.deepcopy(module).double(), loss)
    X, y = (_on_device(part, objective) for part in (X, y))
    if len(X) != len(y) or not len(X):
        raise ValueError(f"X and y need one row per sample: {len(X)} and {len(y)}.")
    draw = check_random_state(random_state).standard_normal(objective.n_parameters)
    start = torch.as_tensor(draw).to(objective.weights)
    with objective.eval_mode(), exact_arithmetic(), torch.enable_grad():
        each = [
            _norms(objective, X[i : i + 1], y[i : i + 1], start, tol)
            for i in range(len(X))
        ]
        mean = _norms(objective, X, y, start, tol)
    hessian, g_term, h_term = np.array(each).T
    return HessianSplit(hessian, g_term, h_term, *mean)


class _Square:
    """M^2 for a weighted sum M of operators; its largest eigenvalue is ||M||^2."""

    def __init__(self, *terms: tuple[int, CurvatureOperator]) -> None:
        self.terms = terms

    def __matmul__(self, vector: Tensor) -> Tensor:
        return self._once(self._once(vector))

    def _once(self, vector: Tensor) -> Tensor:
        terms = (weight * (operator @ vector) for weight, operator in self.terms)
        return sum(terms, vector.new_zeros(()))


def _norms(
    objective: Objective, X: Tensor, y: Tensor, start: Tensor, tol: float
) -> list[float]:
    full, ggn = (
        CurvatureOperator(objective, X, y, matrix=matrix)
        for matrix in ("hessian", "ggn")
    )
    squares = _Square((1, full)), _Square((1, ggn)), _Square((1, full), (-1, ggn))
    return [_root_of_largest(square, start, tol) for square in squares]


def _root_of_largest(square: _Square, start: Tensor, tol: float) -> float:
    found, _ = lanczos(square, 1, tol=tol, start=start, max_products=MAX_PRODUCTS)
    if not found.converged:
        warnings.warn(
            f"A norm is not certified to tol={tol:g} after {2 * found.n_products} "
            "products. Raise tol.",
            ConvergenceWarning,
            stacklevel=5,
        )
    return float(np.sqrt(max(found.eigenvalues[0], 0.0)))


def _on_device(part: ArrayLike, objective: Objective) -> Tensor:
    part = torch.as_tensor(part, device=objective.weights.device)
    return part.double() if part.is_floating_point() else part
