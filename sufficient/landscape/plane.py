"""The plane of the leading eigenvectors, and what the seen samples are like in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sufficient.curvature.eigenpairs.follow import FollowedCurvature
from sufficient.curvature.eigenpairs.leading import LeadingCurvature, leading_curvature
from sufficient.curvature.finite import check_finite
from sufficient.curvature.objective import Objective
from sufficient.data.samples import Samples
from sufficient.landscape.delta import SecondOrder

__all__ = ["Plane", "displacement_scale", "leading_plane"]

AUTO_SIGMA_RISE = 0.1


@dataclass(frozen=True)
class Plane:
    """Leading eigenvectors of the seen Hessian, and the seen means in them.

    Attributes
    ----------
    leading : LeadingCurvature
        The eigenpairs and the coordinates they were found in.
    loss : float
        Mean loss of the seen samples.
    gradient : Tensor of shape (n_parameters,)
        Its gradient.
    """

    leading: LeadingCurvature
    loss: float
    gradient: Tensor

    @property
    def eigenvalues(self) -> np.ndarray:
        """Largest first, shape (d,)."""
        return self.leading.eigenvalues

    @property
    def objective(self) -> Objective:
        """Loss as a function of the coordinates of the plane."""
        return self.leading.objective

    @property
    def basis(self) -> Tensor:
        """Orthonormal columns in those coordinates."""
        return self.leading.pairs.eigenvectors

    @property
    def seen(self) -> SecondOrder:
        """Mean loss, gradient and Hessian of the seen samples in the plane."""
        gradient = self.leading.eigenvectors.T @ self.gradient
        return SecondOrder(
            np.float64(self.loss),
            gradient.cpu().double().numpy(),
            np.diag(self.leading.pairs.eigenvalues),
        )

    def restricted(self, samples: Samples) -> Samples:
        """Samples as the objective takes them."""
        return Samples(self.leading.inputs(samples.X), samples.y)


def leading_plane(
    objective: Objective,
    seen: Samples,
    *,
    n_directions: int,
    tol: float,
    rng: np.random.Generator,
    seek_copies: bool,
    followed: FollowedCurvature | None = None,
) -> Plane:
    """Find the plane of the leading eigenvectors.

    Parameters
    ----------
    objective : Objective
        Net and loss at the trained weights.
    seen : Samples
        The training set so far.
    n_directions : int
        Dimension of the plane.
    tol : float
        Certified relative error of the eigenvalues.
    rng : Generator
        Draws the start vector.
    seek_copies : bool
        Whether to look for copies of multiple eigenvalues.
    followed : FollowedCurvature or None, default=None
        The curvature of growing sets at these weights, where they are fixed.

    Returns
    -------
    Plane
    """
    if followed is not None:
        leading = followed.follow(len(seen), seek_copies)
        return Plane(leading, *followed.loss_and_gradient())
    start = torch.as_tensor(rng.standard_normal(objective.n_parameters))
    loss, gradient = objective.loss_and_gradient(seen.X, seen.y)
    check_finite(loss + float(gradient.sum()), len(seen))
    leading = leading_curvature(
        objective,
        seen.X,
        seen.y,
        n_directions=n_directions,
        tol=tol,
        start=start.to(objective.weights),
        seek_copies=seek_copies,
    )
    return Plane(leading, loss, gradient)


def displacement_scale(sigma: float | str, eigenvalues: np.ndarray) -> float:
    """Sigma as a number; "auto" makes the quadratic model rise by 0.1 on average."""
    if not isinstance(sigma, str):
        return float(sigma)
    trace = max(eigenvalues.sum(), np.finfo(np.float32).eps)
    return float(np.sqrt(2 * AUTO_SIGMA_RISE / trace))
