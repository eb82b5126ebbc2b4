"""All measurements of the landscape around a net trained on n samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from sufficient.curvature.eigenpairs.follow import FollowedCurvature
from sufficient.curvature.finite import check_displaced, check_finite
from sufficient.curvature.objective import Objective
from sufficient.data.samples import Samples
from sufficient.landscape.candidates import candidate_batches
from sufficient.landscape.delta import (
    SecondOrder,
    SecondOrderForm,
    batch_weight,
    eigenvalue_delta,
    expected_delta,
    monte_carlo_delta,
)
from sufficient.landscape.displaced import losses_at
from sufficient.landscape.plane import displacement_scale, leading_plane
from sufficient.landscape.projection import project_with_exact_mean
from sufficient.ranks import Share
from sufficient.reproducibility.arithmetic import exact_arithmetic
from sufficient.results import Measurement

__all__ = ["MeasureSettings", "measure"]


@dataclass(frozen=True)
class MeasureSettings:
    """Settings of a measurement.

    Attributes
    ----------
    batch_size : int
        Number of samples in the next batch.
    n_directions : int
        Leading eigenvectors that span the plane.
    sigma : float or "auto"
        Standard deviation of the displacement.
    draws : ndarray of shape (n_monte_carlo, n_directions)
        Standard normal displacements, the same at every size.
    n_fresh : int
        Largest number of fresh samples.
    n_displaced : int
        Largest number of fresh samples, and of seen ones, whose losses are computed at
        the displaced weights.
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
    n_displaced: int
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
    """Measure eigenvalues, their changes, and Delta around the present weights.

    Parameters
    ----------
    objective : Objective
        Net and loss at the weights trained on `seen`.
    seen : Samples
        The training set so far.
    upcoming : Samples
        The samples that come next in the order; may be empty.
    held_out : Samples
        Samples that are never trained on; may be empty unless `upcoming` is.
    settings : MeasureSettings
        Settings of the measurement.
    rng : Generator
        Draws the start vector and the subset of seen samples.
    seek_copies : bool, default=True
        Whether to search for copies of multiple eigenvalues.
    followed : FollowedCurvature or None, default=None
        Curvature of growing sets of samples, if the weights are fixed.

    Returns
    -------
    Measurement
    """
    fresh = _fresh_samples(upcoming, held_out, settings.n_fresh)
    sample = seen[_subset(len(seen), settings.n_displaced, rng)]
    with objective.eval_mode(), exact_arithmetic(), torch.enable_grad():
        plane = leading_plane(
            objective,
            seen,
            n_directions=settings.n_directions,
            tol=settings.eigen_tol,
            rng=rng,
            seek_copies=seek_copies,
            followed=followed,
        )
        sigma = displacement_scale(settings.sigma, plane.eigenvalues)
        fresh, sample = plane.restricted(fresh), plane.restricted(sample)
        rows = _per_sample_rows(plane, fresh)
        candidates = candidate_batches(
            plane,
            fresh,
            n_seen=len(seen),
            batch_size=settings.batch_size,
            n_candidates=settings.n_candidates,
            tol=settings.eigen_tol,
        )
        draws = [
            _losses_at_draws(plane, samples, sigma * settings.draws)
            for samples in (fresh[: settings.n_displaced], sample)
        ]
    pairs = plane.leading.pairs
    curvature = pairs.eigenvalues.sum() + pairs.residuals.sum()
    check_finite(curvature, len(seen), "curvature of the loss")
    check_finite(rows.sum(), len(seen), "loss on fresh samples, or its curvature,")
    check_displaced(draws, sigma, len(seen))
    weighting = {"batch_size": settings.batch_size, "n_seen": len(seen)}
    at_fresh, at_seen = draws
    delta = monte_carlo_delta(at_fresh, at_seen, **weighting)
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


def _fresh_samples(upcoming, held_out, most):
    # Upcoming samples first: they change with k, so their errors average out along k.
    return (upcoming[:most] + held_out[:most])[:most]


def _subset(n, most, rng):
    return slice(None) if n <= most else np.sort(rng.choice(n, most, replace=False))


def _per_sample_rows(plane, fresh):
    objective = plane.leading.objective
    found = project_with_exact_mean(objective, fresh.X, fresh.targets, plane.basis)
    return SecondOrder(found.losses, found.gradients, found.hessians).rows


def _losses_at_draws(plane, samples, draws):
    offsets = torch.as_tensor(draws).to(plane.basis)
    share, objective = Share.of(len(samples)), plane.leading.objective
    mine = samples[share.rows]
    losses = losses_at(objective, mine.X, mine.targets, plane.basis, offsets)
    return share.joined(losses, axis=1)


def _projected_columns(plane, rows, sigma, weighting):
    form = SecondOrderForm(sigma, len(plane.eigenvalues))
    seen = plane.seen.rows
    projected = expected_delta(form, rows, seen, **weighting)
    level = expected_delta(lambda x: x[..., 0] ** 2, rows, seen, **weighting)
    increment = batch_weight(**weighting) * (rows.mean(axis=0) - seen)
    a, c, B = SecondOrder.of_rows(increment, form.n_directions)
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
    count, d = candidates.shifts.shape
    means = candidates.means(rows, d).rows
    increments = batch_weight(**weighting) * (means - plane.seen.rows)
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
        "gradient_norm": float(plane.gradient.cpu().double().norm()),
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
    """The ratio, or NaN if the whole is zero."""
    return part / whole if whole else float("nan")
