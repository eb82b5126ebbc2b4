"""The plane of the leading eigenvectors, and the loss of the seen samples in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
    """The space of the leading eigenvectors of the Hessian of the seen samples.

    Attributes
    ----------
    leading : LeadingCurvature
        The eigenpairs, and the coordinates in which they were computed.
    loss : float
        Mean loss of the seen samples.
    gradient : Tensor of shape (n_parameters,)
        Gradient of the mean loss.
    """

    leading: LeadingCurvature
    loss: float
    gradient: Tensor

    @property
    def eigenvalues(self) -> np.ndarray:
        """Eigenvalues, largest first, of shape (d,)."""
        return self.leading.eigenvalues

    @property
    def objective(self) -> Objective:
        """Loss as a function of the coordinates of `leading`."""
        return self.leading.objective

    @property
    def basis(self) -> Tensor:
        """Orthonormal columns that span the plane, in the coordinates of `leading`."""
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
        """Samples in the form that `objective` takes."""
        return replace(samples, X=self.leading.inputs(samples.X))


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
    """Compute the plane of the leading eigenvectors.

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
        Whether to search for copies of multiple eigenvalues.
    followed : FollowedCurvature or None, default=None
        Curvature of growing sets of samples, if the weights are fixed.

    Returns
    -------
    Plane
    """
    if followed is not None:
        leading = followed.follow(len(seen), seek_copies)
        return Plane(leading, *followed.loss_and_gradient())
    start = torch.as_tensor(rng.standard_normal(objective.n_parameters))
    loss, gradient = objective.loss_and_gradient(seen.X, seen.targets)
    check_finite(loss + float(gradient.sum()), len(seen))
    leading = leading_curvature(
        objective,
        seen.X,
        seen.targets,
        n_directions=n_directions,
        tol=tol,
        start=start.to(objective.weights),
        seek_copies=seek_copies,
    )
    return Plane(leading, loss, gradient)


def displacement_scale(sigma: float | str, eigenvalues: np.ndarray) -> float:
    """Sigma as a number; for "auto" the quadratic model rises by 0.1 on average."""
    if not isinstance(sigma, str):
        return float(sigma)
    trace = max(eigenvalues.sum(), np.finfo(np.float32).eps)
    return float(np.sqrt(2 * AUTO_SIGMA_RISE / trace))
