"""Everything the library measures around a net trained on n samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sufficient.curvature.eigenpairs.follow import FollowedCurvature
from sufficient.curvature.eigenpairs.leading import LeadingCurvature, leading_curvature
from sufficient.curvature.eigenpairs.one_more_batch import grown_spectrum
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CurvatureOperator
from sufficient.data.samples import Samples
from sufficient.landscape.delta import (
    SecondOrderForm,
    batch_weight,
    eigenvalue_delta,
    expected_delta,
    monte_carlo_delta,
    packed,
)
from sufficient.landscape.displaced import losses_at
from sufficient.landscape.projection import project_with_exact_mean
from sufficient.ranks import Share
from sufficient.reproducibility.arithmetic import exact_arithmetic
from sufficient.results import Measurement
from sufficient.training.checks import check_displaced, check_finite

__all__ = ["BOUNDS", "MeasureSettings", "measure"]

BOUNDS = {
    "projected": "projected",
    "eigenvalue": "eigenvalue",
    "monte_carlo": "delta",
}
AUTO_SIGMA_RISE = 0.1
# What one more batch changes depends on its size by definition. So that the answer in
# samples does not, it is always as many as in the papers.
REFERENCE_BATCH = 64


@dataclass(frozen=True)
class MeasureSettings:
    """What to measure, and how finely.

    Attributes
    ----------
    batch_size : int
        Samples in the batch that comes next.
    n_directions : int
        Leading eigenvectors that span the plane.
    sigma : float or "auto"
        Standard deviation of the displacement.
    draws : ndarray of shape (n_monte_carlo, n_directions)
        Standard normal displacements, the same at every size.
    n_fresh : int
        Fresh samples used at most.
    n_candidates : int
        Candidate next batches over which formulas (1) and (2) are averaged.
    eigen_tol : float
        Relative error of the eigenvalues.
    """

    batch_size: int
    n_directions: int
    sigma: float | str
    draws: np.ndarray
    n_fresh: int
    n_candidates: int
    eigen_tol: float


def measure(
    objective: Objective,
    seen: Samples,
    upcoming: Samples,
    held_out: Samples,
    settings: MeasureSettings,
    rng: np.random.Generator,
    *,
    seek_copies: bool = True,
    followed: FollowedCurvature | None = None,
) -> Measurement:
    """Measure spectrum, increments and Delta around the present weights.

    Parameters
    ----------
    objective : Objective
        Net and loss at the weights trained on `seen`.
    seen : Samples
        The training set so far.
    upcoming : Samples
        What comes next in the permutation; may be empty.
    held_out : Samples
        Samples that are never trained on; may be empty, but not both.
    settings : MeasureSettings
        What to measure.
    rng : Generator
        Draws the start vector and the subset of seen samples.
    seek_copies : bool, default=True
        Whether to look for copies of multiple eigenvalues.
    followed : FollowedCurvature or None, default=None
        The curvature of growing sets at these weights, where they are fixed.

    Returns
    -------
    Measurement
    """
    fresh = _fresh_samples(upcoming, held_out, settings.n_fresh)
    sample = seen[_sample(len(seen), settings.n_fresh, rng)]
    with objective.eval_mode(), exact_arithmetic(), torch.enable_grad():
        plane = _leading_plane(objective, seen, settings, rng, seek_copies, followed)
        sigma = _sigma(settings.sigma, plane.eigenvalues)
        fresh, sample = (_in_plane(plane, samples) for samples in (fresh, sample))
        rows = _per_sample_rows(plane, fresh)
        candidates = _candidate_batches(plane, fresh, len(seen), settings)
        draws = [
            _losses_at_draws(plane, samples, sigma * settings.draws)
            for samples in (fresh, sample)
        ]
    pairs = plane.leading.pairs
    curvature = pairs.eigenvalues.sum() + pairs.residuals.sum()
    check_finite(curvature, len(seen), "curvature of the loss")
    check_finite(rows.sum(), len(seen), "loss on fresh samples, or its curvature,")
    check_displaced(draws, sigma, len(seen))
    weighting = {"batch_size": settings.batch_size, "n_seen": len(seen)}
    delta = monte_carlo_delta(*draws, **weighting)
    columns = {
        "delta": delta.value,
        "delta_std_err": delta.std_err,
        **_projected_columns(plane, rows, sigma, weighting),
        **_candidate_columns(plane, candidates, rows, sigma, weighting),
        **_plane_columns(plane, sigma),
        "n_fresh": len(fresh),
        "fresh_loss": float(rows[:, 0].mean()),
    }
    columns["quadratic_ratio"] = _ratio(columns["delta"], columns["projected"])
    return Measurement(
        columns=columns,
        eigenvalues=plane.eigenvalues,
        eigenvalue_shifts=candidates.shifts.mean(axis=0),
        eigenvectors=plane.leading.eigenvectors.cpu(),
    )


@dataclass(frozen=True)
class _Plane:
    """The leading eigenvectors of the seen Hessian, and the seen means in them."""

    leading: LeadingCurvature
    loss: float
    gradient: Tensor

    @property
    def eigenvalues(self):
        return self.leading.eigenvalues

    @property
    def basis(self):
        """In the coordinates of the leading curvature."""
        return self.leading.pairs.eigenvectors

    def mean_row(self):
        """Loss, gradient and Hessian of the seen samples, packed."""
        gradient = _numbers(self.leading.eigenvectors.T @ self.gradient)
        hessian = np.diag(self.leading.pairs.eigenvalues)
        return packed(np.float64(self.loss), gradient, hessian)


@dataclass(frozen=True)
class _Candidates:
    """Candidate next batches: rows, eigenvalue shifts, Hessian in the plane."""

    rows: np.ndarray
    shifts: np.ndarray
    hessians: np.ndarray
    certified: bool


def _fresh_samples(upcoming, held_out, most):
    # What comes next first: it changes with k, so that its errors average out along k.
    return (upcoming[:most] + held_out[:most])[:most]


def _sample(n, most, rng):
    return slice(None) if n <= most else np.sort(rng.choice(n, most, replace=False))


def _leading_plane(objective, seen, settings, rng, seek_copies, followed):
    if followed is not None:
        leading = followed.follow(len(seen), seek_copies)
        return _Plane(leading, *followed.loss_and_gradient())
    start = torch.as_tensor(rng.standard_normal(objective.n_parameters))
    loss, gradient = objective.loss_and_gradient(seen.X, seen.y)
    check_finite(loss + float(gradient.sum()), len(seen))
    leading = leading_curvature(
        objective,
        seen.X,
        seen.y,
        n_directions=settings.n_directions,
        tol=settings.eigen_tol,
        start=start.to(objective.weights),
        seek_copies=seek_copies,
    )
    return _Plane(leading, loss, gradient)


def _in_plane(plane, samples):
    return Samples(plane.leading.samples(samples.X), samples.y)


def _sigma(sigma, eigenvalues):
    if sigma != "auto":
        return float(sigma)
    trace = max(eigenvalues.sum(), np.finfo(np.float32).eps)
    return float(np.sqrt(2 * AUTO_SIGMA_RISE / trace))


def _per_sample_rows(plane, fresh):
    objective = plane.leading.objective
    found = project_with_exact_mean(objective, fresh.X, fresh.y, plane.basis)
    return packed(found.losses, found.gradients, found.hessians)


def _candidate_batches(plane, fresh, n_seen, settings):
    size, leading = settings.batch_size, plane.leading
    weight = batch_weight(size, n_seen)
    batches = _candidate_rows(len(fresh), size, settings.n_candidates)
    in_space = leading.space.basis @ plane.basis
    n_coordinates = len(plane.basis)
    shifts, hessians, certified = [], [], []
    for rows in batches:
        batch = fresh[rows]
        grown = grown_spectrum(
            leading.space,
            leading.operator,
            CurvatureOperator.of_share(leading.objective, batch.X, batch.y),
            weight=weight,
            eigenvalues=leading.pairs.eigenvalues,
            tol=settings.eigen_tol,
        )
        shifts.append(grown.eigenvalues - leading.pairs.eigenvalues)
        images = grown.batch_images[:, :n_coordinates]
        hessians.append(_numbers(in_space.T @ (images @ plane.basis)))
        certified.append(grown.converged)
    return _Candidates(batches, np.array(shifts), np.array(hessians), all(certified))


def _candidate_rows(n_fresh, size, most):
    """The batches that come next; samples are repeated where there is not even one."""
    count = max(1, min(most, n_fresh // size))
    return np.arange(count * size).reshape(count, size) % n_fresh


def _losses_at_draws(plane, samples, draws):
    offsets = torch.as_tensor(draws).to(plane.basis)
    share, objective = Share.of(len(samples)), plane.leading.objective
    mine = samples[share.rows]
    losses = losses_at(objective, mine.X, mine.y, plane.basis, offsets)
    return share.joined(losses, axis=1)


def _projected_columns(plane, rows, sigma, weighting):
    form = SecondOrderForm(sigma, len(plane.eigenvalues))
    seen = plane.mean_row()
    projected = expected_delta(form, rows, seen, **weighting)
    level = expected_delta(lambda x: x[..., 0] ** 2, rows, seen, **weighting)
    a, c, B = form.unpacked(batch_weight(**weighting) * (rows.mean(axis=0) - seen))
    return {
        "projected": projected.value,
        "projected_std_err": projected.std_err,
        "loss_increment": float(a),
        "gradient_increment_norm": float(np.linalg.norm(c)),
        "hessian_increment_trace": float(np.trace(B)),
        "hessian_increment_norm": float(np.linalg.norm(B)),
        "level_share": _ratio(level.value, projected.value),
    }


def _candidate_columns(plane, candidates, rows, sigma, weighting):
    count, d = len(candidates.shifts), len(plane.eigenvalues)
    means = rows[candidates.rows].mean(axis=1)
    means[:, d + 1 :] = candidates.hessians.reshape(count, -1)
    increments = batch_weight(**weighting) * (means - plane.mean_row())
    one_batch = SecondOrderForm(sigma, d)(increments)
    eigenvalue = eigenvalue_delta(candidates.shifts, sigma)
    return {
        "one_batch": float(one_batch.mean()),
        "one_batch_std_err": _std_err(one_batch),
        "eigenvalue": float(eigenvalue.mean()),
        "eigenvalue_std_err": _std_err(eigenvalue),
        "n_candidates": count,
        "shifts_certified": float(candidates.certified),
    }


def _plane_columns(plane, sigma):
    values = plane.eigenvalues
    scale = np.maximum(np.abs(values), np.finfo(np.float32).eps)
    smallest = plane.leading.space.smallest_value
    return {
        "train_loss": plane.loss,
        "gradient_norm": float(plane.gradient.double().norm()),
        "sigma": sigma,
        "expected_rise": float(sigma**2 * values.sum() / 2),
        "eigen_residual": float((plane.leading.pairs.residuals / scale).max()),
        "eigen_certified": float(plane.leading.pairs.converged),
        "n_products": plane.leading.pairs.n_products,
        "smallest_eigenvalue": smallest,
        "negative_curvature": max(-smallest, 0) / scale.max(),
        "hidden_copies": plane.leading.space.n_hidden,
    }


def _std_err(values):
    if len(values) < 2:
        return float("nan")
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _ratio(part, whole):
    """Not a number where nothing changes at all."""
    return part / whole if whole else float("nan")


def _numbers(tensor):
    return tensor.cpu().double().numpy()
