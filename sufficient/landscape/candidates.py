"""Candidates for the next batch, and how each would change the leading eigenvalues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sufficient.curvature.eigenpairs.one_more_batch import grown_spectrum
from sufficient.curvature.operator import CurvatureOperator
from sufficient.data.samples import Samples
from sufficient.landscape.delta import SecondOrder, batch_weight
from sufficient.landscape.plane import Plane

__all__ = ["Candidates", "candidate_batches"]


@dataclass(frozen=True)
class Candidates:
    """Candidates for the next batch.

    Attributes
    ----------
    rows : ndarray of shape (n_candidates, batch_size)
        Indices of the fresh samples in each batch.
    shifts : ndarray of shape (n_candidates, d)
        Change of the leading eigenvalues by each batch.
    hessians : ndarray of shape (n_candidates, d, d)
        Mean Hessian of each batch in the plane.
    certified : bool
        Whether all shifts meet the tolerance.
    """

    rows: np.ndarray
    shifts: np.ndarray
    hessians: np.ndarray
    certified: bool

    def means(self, fresh_rows: np.ndarray, n_directions: int) -> SecondOrder:
        """Mean loss, gradient and exact Hessian of each batch."""
        means = fresh_rows[self.rows].mean(axis=1)
        loss, gradient, _ = SecondOrder.of_rows(means, n_directions)
        return SecondOrder(loss, gradient, self.hessians)


def candidate_batches(
    plane: Plane,
    fresh: Samples,
    *,
    n_seen: int,
    batch_size: int,
    n_candidates: int,
    tol: float,
) -> Candidates:
    """Measure the change by each candidate batch, at the same weights.

    Parameters
    ----------
    plane : Plane
        Plane of the seen samples.
    fresh : Samples
        Samples never trained on, as returned by `Plane.restricted`.
    n_seen, batch_size : int
        Number of seen samples, and of samples in a batch.
    n_candidates : int
        Largest number of batches; there are fewer if fresh samples are few.
    tol : float
        Relative error of the eigenvalues.

    Returns
    -------
    Candidates
    """
    leading, weight = plane.leading, batch_weight(batch_size, n_seen)
    batches = _rows(len(fresh), batch_size, n_candidates)
    in_space = leading.space.basis @ plane.basis
    shifts, hessians, certified = [], [], []
    for rows in batches:
        is_whole = len(fresh) >= batch_size
        batch = fresh[rows[0] : rows[-1] + 1] if is_whole else fresh[rows]
        grown = grown_spectrum(
            leading.space,
            leading.operator,
            CurvatureOperator.of_share(leading.objective, batch.X, batch.targets),
            weight=weight,
            eigenvalues=leading.pairs.eigenvalues,
            tol=tol,
        )
        shifts.append(grown.eigenvalues - leading.pairs.eigenvalues)
        hessian = in_space.T @ grown.in_batch @ in_space
        hessians.append(hessian.cpu().double().numpy())
        certified.append(grown.converged)
    return Candidates(batches, np.array(shifts), np.array(hessians), all(certified))


def _rows(n_fresh, size, most):
    """Rows of the batches; samples are repeated if there are too few for one batch."""
    count = max(1, min(most, n_fresh // size))
    return np.arange(count * size).reshape(count, size) % n_fresh
