r"""Bounds on one sample's cross-entropy Hessian: Theorem 1 and Lemma 1, corrected.

With the layers' inputs :math:`x^{(p)}`, a 1 appended if there is a bias, and
:math:`\Pi_p = \prod_{s > p} \lVert W^{(s)} \rVert_2`, the Gauss-Newton part obeys

.. math:: \lVert F^\top A F \rVert_2 \le \tfrac12 \sum_p \lVert x^{(p)} \rVert^2 \Pi_p^2

since :math:`\lVert \operatorname{diag}(p) - pp^\top \rVert_2 \le \tfrac12`. The rest of
the Hessian has a block for every pair of layers p < q, of norm at most

.. math:: \beta_{pq} = \sqrt2\, \lVert x^{(p)} \rVert
    \prod_{s > p,\, s \ne q} \lVert W^{(s)} \rVert_2,

and its norm is at most that of the L x L matrix of the block norms.
"""

from __future__ import annotations

from math import sqrt
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from sufficient.theory.layers import forward_pass, spectral_norms
from sufficient.typing import ArrayLike

__all__ = [
    "hessian_norm_bound",
    "hessian_norm_bound_from_constants",
    "weight_norm_bound",
]

Matrix = Literal["hessian", "ggn"]


def hessian_norm_bound(
    module: nn.Module,
    X: ArrayLike,
    *,
    matrix: Matrix = "hessian",
    form: Literal["layers", "constants"] = "layers",
) -> np.ndarray:
    r"""Bound the spectral norm of each sample's Hessian, for any label.

    .. math::

        \lVert F_i^\top A_i F_i \rVert_2 \le \tfrac12 \sum_{p=1}^L
            \bigl( \lVert x_i^{(p)} \rVert^2 + 1 \bigr)
            \prod_{s=p+1}^L \lVert W^{(s)} \rVert_2^2

    without the 1 for layers that have no bias. ``matrix="hessian"`` adds a bound on the
    rest of the Hessian, the H-term, which Theorem 1 of the paper neglects.

    Parameters
    ----------
    module : nn.Module
        `MLP` or ``nn.Sequential`` of Linear and ReLU that returns logits, under
        cross-entropy.
    X : Tensor or array-like of shape (n, ...)
        Samples.
    matrix : {"hessian", "ggn"}, default="hessian"
        Full Hessian (of the linear piece that holds the weights) or Gauss-Newton part.
    form : {"layers", "constants"}, default="layers"
        ``"layers"`` uses the norm of every layer and of its inputs. ``"constants"``
        uses only the largest norm of a sample and of a layer, so that all samples have
        the same bound, `hessian_norm_bound_from_constants`.

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    ValueError
        If the module is not a fully connected ReLU network, X does not fit it, or
        `matrix` or `form` is unknown.

    References
    ----------
    Kiselev and Grabovoy, Unraveling the Hessian, arXiv 2409.11995, theorem 1, which has
    one factor ``||W^(p)||^2`` too many, sqrt(2) in place of 1/2, and no H-term.

    Examples
    --------
    >>> import torch
    >>> from sufficient import MLP, theory
    >>> net, X = MLP(4, 3, (5,)), torch.randn(6, 4)
    >>> exact = theory.gauss_newton_norms(net, X)
    >>> bool((exact <= theory.hessian_norm_bound(net, X, matrix="ggn")).all())
    True
    """
    flow = forward_pass(module, X)
    if form == "layers":
        norms = torch.as_tensor(spectral_norms(module)).to(flow.logits)
        return _bound(flow.squared_inputs, norms, matrix).cpu().numpy()
    if form != "constants":
        raise ValueError(f"form must be 'layers' or 'constants', got {form!r}.")
    largest = hessian_norm_bound_from_constants(
        len(flow.weights),
        max_input_norm=flow.inputs[0].norm(dim=1).max().item(),
        max_weight_norm=spectral_norms(module, with_bias=True).max(),
        bias=any(flow.has_bias),
        matrix=matrix,
    )
    return np.full(len(flow.logits), largest)


def hessian_norm_bound_from_constants(
    n_layers: int,
    *,
    max_input_norm: float,
    max_weight_norm: float,
    bias: bool = True,
    matrix: Matrix = "hessian",
) -> float:
    r"""Bound a Hessian's norm by norms of inputs and weights (Theorem 1, relaxed).

    Without biases, for all samples with :math:`\lVert x_i \rVert \le M_x` and weights
    with :math:`\lVert W^{(p)} \rVert_2 \le M_W`,

    .. math::

        \lVert F_i^\top A_i F_i \rVert_2 \le \tfrac12 L M_x^2 M_W^{2(L-1)}, \qquad
        \lVert H_i \rVert_2 \le \tfrac12 L M_x^2 M_W^{2(L-1)}
            + \sqrt2\, (L - 1) M_x M_W^{L-2}.

    With biases :math:`M_W` bounds :math:`\lVert [W^{(p)}\, b^{(p)}] \rVert_2`, and the
    layers' inputs obey :math:`r_1 = M_x^2 + 1`, :math:`r_{p+1} = M_W^2 r_p + 1`:

    .. math::

        \lVert F_i^\top A_i F_i \rVert_2
        \le \tfrac12 \sum_{p=1}^L r_p M_W^{2(L-p)}.

    Parameters
    ----------
    n_layers : int
        Number L of linear layers (hidden layers + 1).
    max_input_norm : float
        M_x.
    max_weight_norm : float
        M_W. Any value that is not negative, including 0 and 1.
    bias : bool, default=True
        Whether the layers have biases.
    matrix : {"hessian", "ggn"}, default="hessian"
        Full Hessian or Gauss-Newton part. They are the same for a single layer.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If a constant is negative, there is no layer, or `matrix` is unknown.

    References
    ----------
    Kiselev and Grabovoy, Unraveling the Hessian, arXiv 2409.11995, theorem 1, where the
    bound has an additional factor ``M_W^2``, so it is too small for small weights.

    Examples
    --------
    >>> from sufficient.theory import hessian_norm_bound_from_constants
    >>> constants = {"max_input_norm": 3.0, "max_weight_norm": 1.0, "bias": False}
    >>> hessian_norm_bound_from_constants(2, **constants, matrix="ggn")
    9.0
    """
    if n_layers < 1 or max_input_norm < 0 or max_weight_norm < 0:
        raise ValueError("n_layers must be at least 1 and the norms not negative.")
    squares = [float(max_input_norm) ** 2 + bias]
    for _ in range(n_layers - 1):
        squares.append(float(max_weight_norm) ** 2 * squares[-1] + bias)
    inputs = torch.tensor([squares], dtype=torch.float64)
    norms = torch.full((n_layers,), float(max_weight_norm), dtype=torch.float64)
    return _bound(inputs, norms, matrix).item()


def weight_norm_bound(max_entry: float, n_rows: int, n_columns: int) -> float:
    r"""Bound the spectral norm of a matrix by its largest entry (Lemma 1).

    :math:`\lVert W \rVert_2 \le \lVert W \rVert_F \le M \sqrt{h_{out} h_{in}}`. For the
    square matrices of the paper this is hM. Count biases as one more column.

    Parameters
    ----------
    max_entry : float
        M, the largest absolute value of an entry.
    n_rows, n_columns : int
        Shape of the matrix. For a whole network take the largest product of the two.

    Returns
    -------
    float

    References
    ----------
    Kiselev and Grabovoy, Unraveling the Hessian, arXiv 2409.11995, lemma 1, which takes
    every matrix to be h x h. The first layer is not, and its norm can exceed hM.

    Examples
    --------
    >>> from sufficient.theory import weight_norm_bound
    >>> weight_norm_bound(0.5, 16, 16), weight_norm_bound(0.5, 16, 784)
    (8.0, 56.0)
    """
    return max_entry * sqrt(n_rows * n_columns)


def _bound(squared_inputs: Tensor, weight_norms: Tensor, matrix: Matrix) -> Tensor:
    """Bound for each row of squared layer inputs, shape (n, L)."""
    if matrix not in ("hessian", "ggn"):
        raise ValueError(f"matrix must be 'hessian' or 'ggn', got {matrix!r}.")
    after = torch.stack(
        [weight_norms[p + 1 :].prod() for p in range(len(weight_norms))]
    )
    gauss_newton = (squared_inputs * after**2).sum(dim=1) / 2
    if matrix == "ggn":
        return gauss_newton
    return gauss_newton + _h_term_bound(squared_inputs, weight_norms)


def _h_term_bound(squared_inputs: Tensor, weight_norms: Tensor) -> Tensor:
    """Norm of the matrix of block norms; its diagonal is zero."""
    n, n_layers = squared_inputs.shape
    blocks = squared_inputs.new_zeros(n, n_layers, n_layers)
    for p in range(n_layers):
        for q in range(p + 1, n_layers):
            between = weight_norms[p + 1 : q].prod() * weight_norms[q + 1 :].prod()
            blocks[:, p, q] = sqrt(2) * squared_inputs[:, p].sqrt() * between
    return torch.linalg.matrix_norm(blocks + blocks.mT, ord=2)
