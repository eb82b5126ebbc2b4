r"""Bounds on the change of the mean loss from constants: Lemma 2 and the k^-2 rate.

One more sample moves every mean over k samples by 1/(k+1) of (new - mean). Where
:math:`0 \le \ell_i \le M_\ell`, :math:`\lVert \nabla \ell_i \rVert \le M_g` and
:math:`\lVert \nabla^2 \ell_i \rVert_2 \le M_H` at the weights w*, the increments obey
:math:`|a| \le M_\ell/(k+1)`, :math:`\lVert c \rVert \le 2 M_g/(k+1)` and
:math:`\lVert B \rVert_2 \le 2 M_H/(k+1)`. The same is true for batches of equal size,
with k the number of batches. Both bounds are for the second-order model of the loss at
w*, which need not be a minimum.
"""

from __future__ import annotations

import numpy as np

from sufficient.typing import ArrayLike

__all__ = ["delta_bound", "loss_change_bound"]


def loss_change_bound(
    k: ArrayLike,
    *,
    max_loss: float,
    max_gradient_norm: float,
    max_hessian_norm: float,
    radius: float,
) -> np.ndarray:
    r"""Bound the change of the mean loss at all weights within R of w*.

    .. math::

        |L_{k+1}(w) - L_k(w)|
        \le \frac{M_\ell + 2 M_g R + M_H R^2}{k + 1}, \qquad \lVert w - w^* \rVert \le R

    Parameters
    ----------
    k : int or array-like of int
        Samples seen, or batches of one size.
    max_loss, max_gradient_norm, max_hessian_norm : float
        M_l, M_g and M_H at w*, over all samples. Losses must not be negative.
        `hessian_norm_bound` computes an M_H.
    radius : float
        R, in units of the weights.

    Returns
    -------
    ndarray, of the shape of `k`
        Bounds in units of the loss.

    Raises
    ------
    ValueError
        If k is below 1 or a constant is negative.

    References
    ----------
    Kiselev and Grabovoy, Unraveling the Hessian, arXiv 2409.11995, lemma 2. It assumes
    that w* minimises both losses. With the cross-entropy there is no such w* unless the
    input x of the last layer is zero, because the gradient in its weights is
    ``(p - y) x'``. Therefore the bound here has a term with M_g.

    Examples
    --------
    >>> from sufficient.theory import loss_change_bound
    >>> constants = {"max_gradient_norm": 0.5, "max_hessian_norm": 2, "radius": 1}
    >>> loss_change_bound([9, 99], max_loss=3, **constants).tolist()
    [0.6, 0.06]
    """
    k = _checked(k, max_loss, max_gradient_norm, max_hessian_norm, radius)
    first_order = 2 * max_gradient_norm * radius
    second_order = max_hessian_norm * radius**2
    return (max_loss + first_order + second_order) / (k + 1)


def delta_bound(
    k: ArrayLike,
    *,
    max_loss: float,
    max_gradient_norm: float,
    max_hessian_norm: float,
    sigma: float,
    n_directions: int,
) -> np.ndarray:
    r"""Bound Delta_k of the second-order model from constants.

    .. math::

        \Delta_k = E_\theta \bigl(a + c'\theta + \tfrac12 \theta' B \theta\bigr)^2
        \le \frac{M_\ell^2 + 2 \sigma^2 d M_\ell M_H + 4 \sigma^2 M_g^2
            + \sigma^4 (d^2 + 2d) M_H^2}{(k + 1)^2},
        \qquad \theta \sim N(0, \sigma^2 I_d)

    in any orthonormal basis of d directions. The bound is tight: it is attained for
    :math:`a = M_\ell`, :math:`\lVert c \rVert = 2 M_g` and :math:`B = 2 M_H I`, each
    divided by k + 1.

    Parameters
    ----------
    k : int or array-like of int
        Samples seen, or batches of one size.
    max_loss, max_gradient_norm, max_hessian_norm : float
        M_l, M_g and M_H at w*, over all samples. Losses must not be negative. It is
        enough that M_g and M_H bound the gradients and Hessians within the basis.
    sigma : float
        Standard deviation of the displacement, in units of the weights.
    n_directions : int
        Dimension d of the basis.

    Returns
    -------
    ndarray, of the shape of `k`
        Bounds in units of the squared loss.

    Raises
    ------
    ValueError
        If k is below 1 or a constant is negative.

    References
    ----------
    Kiselev and Grabovoy, Curvature-Aligned Probing for Local Loss-Landscape
    Stabilization, arXiv 2604.14870, theorem 1, which assumes a minimum of L_k and has
    ``12 M_l^2 + 3 sigma^2 M_g^2 + 3 sigma^4 (d^2 + 2d) M_H^2``.

    Examples
    --------
    >>> from sufficient.theory import delta_bound
    >>> constants = {"max_gradient_norm": 0, "max_hessian_norm": 1, "max_loss": 0}
    >>> float(delta_bound(1, **constants, sigma=1, n_directions=2))
    2.0
    """
    k = _checked(k, max_loss, max_gradient_norm, max_hessian_norm, sigma, n_directions)
    M_l, M_g, d = max_loss, sigma * max_gradient_norm, n_directions
    M_H = sigma**2 * max_hessian_norm
    numerator = M_l**2 + 2 * d * M_l * M_H + 4 * M_g**2 + (d**2 + 2 * d) * M_H**2
    return numerator / (k + 1) ** 2


def _checked(k: ArrayLike, *constants: float) -> np.ndarray:
    k = np.asarray(k, dtype=float)
    if np.any(k < 1) or any(constant < 0 for constant in constants):
        raise ValueError("k must be at least 1 and the constants not negative.")
    return k
