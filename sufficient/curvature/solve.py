"""`top_eigenpairs`: certified leading eigenpairs of the Hessian of a network's loss."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Literal

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from torch import Tensor, nn

from sufficient.curvature.eigenpairs.leading import leading_curvature
from sufficient.curvature.losses import Loss, check_is_mean, weighted_mean
from sufficient.curvature.memory import Chunks
from sufficient.curvature.objective import Objective
from sufficient.ranks import Share
from sufficient.reproducibility.agreement import check_same_problem
from sufficient.reproducibility.arithmetic import exact_arithmetic
from sufficient.results import EigenResult
from sufficient.typing import ArrayLike, RandomState

__all__ = ["top_eigenpairs"]


def top_eigenpairs(
    module: nn.Module,
    X: ArrayLike,
    y: ArrayLike,
    *,
    loss: Loss = "cross_entropy",
    n_directions: int = 10,
    matrix: Literal["hessian", "ggn"] = "hessian",
    tol: float = 1e-3,
    chunk_size: int | None = None,
    compress: bool = True,
    seek_copies: bool = True,
    v0: ArrayLike = None,
    random_state: RandomState = None,
) -> EigenResult:
    r"""Algebraically largest eigenpairs of the Hessian of a network's mean loss.

    The matrix is :math:`H = \frac{1}{n} \sum_i \nabla_w^2 \ell_i(w)` over all trainable
    parameters, or its generalised Gauss-Newton part. It is never formed: the Lanczos
    method with full reorthogonalisation needs Hessian-vector products only. It stops
    when residuals and gaps between Ritz values certify the relative error of every
    eigenvalue, by
    :math:`|\lambda_i - \theta_i| \le \min(r_i, r_i^2 / \text{gap}_i)`.

    Parameters
    ----------
    module : nn.Module
        Network at the weights of interest. It is evaluated in eval mode (Dropout off,
        BatchNorm with its running statistics) and not modified.
    X : Tensor or array-like of shape (n, ...)
        Samples, moved to the device and dtype of the module.
    y : Tensor or array-like of shape (n,) or (n, n_outputs)
        Targets: class indices for cross-entropy, numbers for squared error.
    loss : {"cross_entropy", "mse"}, nn.Module or callable, default="cross_entropy"
        The loss of one sample. A torch criterion is used with ``reduction="none"``,
        class weights are divided by their mean over the samples, as torch does, and
        a module without a `reduction` may return the mean over the samples; a
        function gets ``(output, y)`` and returns one loss per sample.
    n_directions : int, default=10
        Number of eigenpairs.
    matrix : {"hessian", "ggn"}, default="hessian"
        Full Hessian or generalised Gauss-Newton matrix.
    tol : float, default=1e-3
        Largest relative error of each eigenvalue.
    chunk_size : int or None, default=None
        Number of samples whose computation graph is in memory at a time. None keeps the
        graphs of all samples if they take less than 2 GiB, which is faster.
    compress : bool, default=True
        Whether to restrict the weights of a wide first layer to the input directions
        that carry most of the curvature, if the error of this can be certified. The
        eigenvectors then lie in the subspace, and the residuals include the component
        of the product outside it.
    seek_copies : bool, default=True
        Whether to search for eigenvalues that one start vector may miss, above all
        copies of a multiple eigenvalue. It takes about a quarter of the time.
    v0 : Tensor of shape (n_parameters,) or None, default=None
        Start vector; None draws a random one.
    random_state : int, RandomState instance or None, default=None
        Seed of the random start vector.

    Returns
    -------
    EigenResult
        Eigenvalues (largest first), eigenvectors, residual norms, number of products
        and whether the tolerance is certified.

    Raises
    ------
    ValueError
        If the module has no trainable parameters, the loss is not finite, or an
        argument is out of its range.

    Warns
    -----
    ConvergenceWarning
        If the tolerance is not certified after 400 products, or after four for every
        direction if that is more.

    Notes
    -----
    ReLU networks are twice differentiable almost everywhere; the Hessian is that of the
    linear piece around the weights. Copies of an eigenvalue are searched for
    orthogonally to the space of the first search. The gaps are computed from Ritz
    values, so the certificate is valid unless both searches miss an eigenvalue. Errors
    below ten rounding errors of the largest eigenvalue count as zero.

    Examples
    --------
    Linear regression has the constant Hessian ``2 X'X / n``:

    >>> import torch
    >>> from sufficient.curvature import top_eigenpairs
    >>> X = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    >>> net = torch.nn.Linear(2, 1, bias=False)
    >>> found = top_eigenpairs(net, X, torch.zeros(2), loss="mse", n_directions=2)
    >>> found.eigenvalues.round(4).tolist()
    [4.0, 1.0]
    """
    _check_arguments(n_directions, matrix, tol, chunk_size)
    X, y = _like_parameters(Objective(module, loss), X, y)
    objective = Objective(module, weighted_mean(loss, y))
    check_same_problem(
        weights=objective.weights,
        X=X,
        y=y,
        settings=(n_directions, matrix, tol, compress, seek_copies, v0),
    )
    with objective.eval_mode(), exact_arithmetic(), torch.enable_grad():
        _check_finite(objective, X, y)
        _check_own_loss(loss, objective, X[:32], y[:32])
        found = leading_curvature(
            objective,
            X,
            y,
            n_directions=n_directions,
            tol=tol,
            start=_start_vector(objective, v0, random_state),
            matrix=matrix,
            chunk_size=chunk_size,
            compress=compress,
            seek_copies=seek_copies,
        )
        result = replace(
            found.pairs,
            eigenvalues=found.eigenvalues,
            eigenvectors=found.eigenvectors,
        )
    if not result.converged:
        warnings.warn(
            f"The leading {n_directions} eigenvalues are not certified to tol={tol:g} "
            f"after {result.n_products} products. Raise tol, ask for fewer directions, "
            "or use float64 parameters.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return result


def _check_arguments(
    n_directions: int, matrix: str, tol: float, chunk_size: int | None
) -> None:
    if n_directions < 1:
        raise ValueError(f"n_directions must be at least 1, got {n_directions}.")
    if matrix not in ("hessian", "ggn"):
        raise ValueError(f"matrix must be 'hessian' or 'ggn', got {matrix!r}.")
    if not tol > 0:
        raise ValueError(f"tol must be positive, got {tol}.")
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"chunk_size must be at least 1 or None, got {chunk_size}.")


def _like_parameters(
    objective: Objective, X: ArrayLike, y: ArrayLike
) -> tuple[Tensor, Tensor]:
    weight = next(iter(objective.parameters.values()))
    X, y = torch.as_tensor(X), torch.as_tensor(y)
    if len(X) != len(y) or not len(X):
        raise ValueError(f"X and y need one row per sample: {len(X)} and {len(y)}.")
    # Device and dtype at once, because some devices have no double precision.
    y = y.to(weight.device, weight.dtype if y.is_floating_point() else torch.int64)
    return X.to(weight.device, weight.dtype if X.is_floating_point() else X.dtype), y


def _check_finite(objective: Objective, X: Tensor, y: Tensor) -> None:
    share = Share.of(len(X))
    X, y = X[share.rows], y[share.rows]

    def of_chunk(rows: slice) -> Tensor:
        return objective.losses(objective.parameters, X[rows], y[rows]).sum()

    with torch.no_grad():
        parts = Chunks(2048).map(of_chunk, len(X))
        total = share.sum(sum(parts, y.new_zeros(())))
    if not torch.isfinite(total):
        raise ValueError(
            f"The loss is {total.item()} at these weights. Check that the network "
            "returns logits for cross-entropy and that its training did not diverge."
        )


def _check_own_loss(loss: Loss, objective: Objective, X: Tensor, y: Tensor) -> None:
    # Only such modules may return a mean; other losses return one number per sample.
    if isinstance(loss, nn.Module) and not hasattr(loss, "reduction"):
        with torch.no_grad():
            output = objective.outputs(objective.parameters, X)
            whole, each = loss(output, y), objective.loss(output, y)
        if not whole.ndim:
            check_is_mean(whole, each)


def _start_vector(
    objective: Objective, v0: ArrayLike, random_state: RandomState
) -> Tensor:
    weights = objective.weights
    if v0 is None:
        draw = check_random_state(random_state).standard_normal(len(weights))
        return torch.as_tensor(draw).to(weights)
    start = torch.as_tensor(v0).to(weights).reshape(-1)
    if (
        len(start) != len(weights)
        or not np.isfinite(float(start.norm()))
        or not start.any()
    ):
        raise ValueError(
            f"v0 must be a finite, non-zero vector of {len(weights)} numbers."
        )
    return start
