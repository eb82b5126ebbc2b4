"""The formulas exactly as printed in the papers, for comparison.

Names and symbols are those of the papers. docs/explanation/theory.md says which of the
formulas are correct.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import torch
from torch import nn

from sufficient.theory.layers import forward_pass, spectral_norms
from sufficient.typing import ArrayLike

__all__ = [
    "lemma_1",
    "lemma_2",
    "subspace_rate",
    "theorem_1",
    "theorem_1_layers",
]


def theorem_1_layers(module: nn.Module, X: ArrayLike) -> np.ndarray:
    r"""Theorem 1 of arXiv 2409.11995 before it is relaxed (its appendix A.2).

    .. math::

        \sqrt2 \sum_{p=1}^L \bigl( \lVert x_i^{(p)} \rVert^2 + 1 \bigr)
            \prod_{s=p}^L \lVert W^{(s)} \rVert_2^2

    The product starts one layer too early. The formula is still a bound on the
    Gauss-Newton part if every :math:`\lVert W^{(p)} \rVert_2 \ge 8^{-1/4} \approx
    0.595`; otherwise it can be too small.

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
    With all weights zero it is zero, but the Gauss-Newton matrix is not:

    >>> import torch
    >>> from sufficient import theory
    >>> net = torch.nn.Linear(2, 2)
    >>> _ = torch.nn.init.zeros_(net.weight), torch.nn.init.zeros_(net.bias)
    >>> X = torch.ones(1, 2)
    >>> theory.printed.theorem_1_layers(net, X).tolist()
    [0.0]
    >>> theory.gauss_newton_norms(net, X).round(6).tolist()
    [1.5]
    """
    flow = forward_pass(module, X)
    squares = torch.stack([(x**2).sum(dim=1) + 1 for x in flow.inputs], dim=1)
    norms = spectral_norms(module)
    products = np.cumprod(norms[::-1] ** 2)[::-1]
    return sqrt(2) * (squares.cpu().numpy() * products).sum(axis=1)


def theorem_1(n_layers: int, M_x: float, M_W: float) -> float:
    r"""Theorem 1 of arXiv 2409.11995.

    .. math::

        \sqrt2 L M_x^2 M_W^{2L}
        + \sqrt2\, \frac{M_W^2 (M_W^{2L} - 1)}{M_W^2 - 1}

    The ratio is :math:`\sum_{p=1}^L M_W^{2p}`, so it is L at :math:`M_W = 1`. The
    formula assumes biases that exist and are zero. It is a bound on the Gauss-Newton
    part if :math:`M_W \ge 8^{-1/4}` and all biases are zero; otherwise it can be too
    small.

    Parameters
    ----------
    n_layers : int
        Number L of linear layers.
    M_x, M_W : float
        Bounds on the norms of the samples and of the weight matrices.

    Returns
    -------
    float

    Examples
    --------
    >>> from sufficient.theory import printed
    >>> round(printed.theorem_1(1, 3.0, 2.0) / 2**0.5, 6)
    40.0
    """
    ratio = sum(M_W ** (2 * p) for p in range(1, n_layers + 1))
    return sqrt(2) * (n_layers * M_x**2 * M_W ** (2 * n_layers) + ratio)


def lemma_1(n_layers: int, M_x: float, M: float, h: int) -> float:
    """Lemma 1 of arXiv 2409.11995: Theorem 1 at ``M_W = h M``.

    It is a bound under the conditions of `theorem_1`, and only if no layer has more
    than h inputs or outputs.

    Parameters
    ----------
    n_layers : int
        Number L of linear layers.
    M_x : float
        Bound on the norms of the samples.
    M : float
        Bound on the entries of the weight matrices.
    h : int
        Width of every layer.

    Returns
    -------
    float

    Examples
    --------
    >>> from sufficient.theory import printed
    >>> printed.lemma_1(2, 1.0, 0.5, 4) == printed.theorem_1(2, 1.0, 2.0)
    True
    """
    return theorem_1(n_layers, M_x, h * M)


def lemma_2(k: ArrayLike, M_l: float, M_H: float, R: float) -> np.ndarray:
    r"""Lemma 2 of arXiv 2409.11995.

    .. math:: |L_{k+1}(w) - L_k(w)| \le \frac{2}{k+1} (M_\ell + M_H R^2)

    It is a bound, twice as large as necessary, for the second-order model if w*
    minimises both losses and M_H bounds the full Hessian. Networks trained with
    cross-entropy have no such w*.

    Parameters
    ----------
    k : int or array-like of int
        Samples seen.
    M_l, M_H : float
        Bounds on loss and Hessian of every sample at w*.
    R : float
        Radius around w*.

    Returns
    -------
    ndarray, of the shape of `k`

    Examples
    --------
    >>> from sufficient.theory import printed
    >>> round(float(printed.lemma_2(9, M_l=1.0, M_H=2.0, R=1.0)), 6)
    0.6
    """
    return 2 / (np.asarray(k) + 1) * (M_l + M_H * R**2)


def subspace_rate(
    k: ArrayLike, M_l: float, M_g: float, M_H: float, sigma: float, D: int
) -> np.ndarray:
    r"""Theorem 1 of arXiv 2604.14870, the constants-based bound on Delta_k.

    .. math::

        \frac{12 M_\ell^2 + 3 \sigma^2 M_g^2 + 3 \sigma^4 (D^2 + 2D) M_H^2}{(k+1)^2}

    It is a bound for the second-order model at a minimum of L_k. Elsewhere the gradient
    term can be too small by a factor of 4/3.

    Parameters
    ----------
    k : int or array-like of int
        Samples seen.
    M_l, M_g, M_H : float
        Bounds on loss, gradient and Hessian of every sample.
    sigma : float
        Standard deviation of the displacement.
    D : int
        Number of directions.

    Returns
    -------
    ndarray, of the shape of `k`

    Examples
    --------
    >>> from sufficient.theory import printed
    >>> float(printed.subspace_rate(1, M_l=1.0, M_g=0.0, M_H=0.0, sigma=1.0, D=1))
    3.0
    """
    second_order = 3 * sigma**4 * (D**2 + 2 * D) * M_H**2
    numerator = 12 * M_l**2 + 3 * sigma**2 * M_g**2 + second_order
    return numerator / (np.asarray(k) + 1) ** 2
