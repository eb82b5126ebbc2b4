"""The library's model in torch, for many states at once and with gradients.

It says how probable the true errors at n, 2n and 4n are, given the errors seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sufficient.decision import learning_curve as library
from sufficient.decision.given_scores import SHARES, checked_scores
from sufficient.decision.learning_curve import LEVEL_SD, PRIOR, SMALL_STEP
from sufficient.decision.score_noise import (
    correlation_between,
    gap_step,
    log_errors_of,
)

from .users import TARGETS, State

__all__ = ["Points", "batches", "log_predictive", "points_of", "posterior"]

# Truths count as known to a tenth of a point, and as a twentieth of a point at least.
TRUTH_SD, LEAST_TRUTH = 1e-3, 5e-4
MOST_AT_ONCE = 24


def _crossed(*axes):
    crossed = np.meshgrid(*axes, indexing="ij")
    return [torch.tensor(axis.ravel(), dtype=torch.float64) for axis in crossed]


SHAPES = (library.LASTING, library.PLATEAU)
EXPONENT, SHARE, BEHIND = _crossed(library.EXPONENTS, *SHAPES)
WIDTH = _crossed(library.CELL, *SHAPES)[0]
SCATTER, DEVIATION = (
    sd[:, None, None] ** 2 for sd in _crossed(library.SCATTER, library.DEVIATION)
)


class Points(NamedTuple):
    """A state as the model sees it: first the sizes seen, then those ahead.

    `x` are doublings relative to the last size seen, `log_errors` are relative to the
    last one seen, `noise` is their covariance, `gap` the fall of the log error by a
    doubling as training scores suggest it (or NaN). In batches, each tensor has a
    leading axis for the states.
    """

    n_seen: int
    x: Tensor
    log_errors: Tensor
    noise: Tensor
    gap: Tensor


def points_of(state: State, with_gap: bool = True) -> Points:
    """What the library makes of a state, and the truths that are known."""
    trained = 1 - state.train_errors if with_gap else None
    given = checked_scores(
        state.n, 1 - state.errors, train_scores=trained, score_range=SHARES
    ).recent()
    x = np.log2(given.n / given.n[-1])
    seen, relative = log_errors_of(given, state.n_held_out)
    gap = gap_step(given)
    known = np.isfinite(state.truth)
    truth = np.maximum(state.truth[known], LEAST_TRUTH)
    noise = np.diag(np.r_[np.full(len(x), library.JITTER), (TRUTH_SD / truth) ** 2])
    among_seen = np.outer(relative, relative) * correlation_between(x, given, 1, PRIOR)
    noise[: len(x), : len(x)] += among_seen
    log_errors = np.r_[seen, np.log(truth)] - seen[-1]
    arrays = np.r_[x, TARGETS[known]], log_errors, noise, np.nan if gap is None else gap
    return Points(len(x), *(torch.tensor(a, dtype=torch.float64) for a in arrays))


def batches(points: Sequence[Points]) -> Iterator[tuple[list[int], Points]]:
    """States with equally many sizes, and their places in the sequence."""
    alike: dict[tuple[int, int], list[int]] = {}
    for i, some in enumerate(points):
        alike.setdefault((some.n_seen, len(some.x)), []).append(i)
    for (n_seen, _), places in alike.items():
        for start in range(0, len(places), MOST_AT_ONCE):
            chosen = places[start : start + MOST_AT_ONCE]
            tensors = zip(*(points[i][1:] for i in chosen), strict=True)
            yield chosen, Points(n_seen, *map(torch.stack, tensors))


def log_predictive(points: Points, prior: dict[str, Tensor]) -> Tensor:
    """Log density of the truths of a batch, given the errors seen.

    Parameters
    ----------
    points : Points
        A batch.
    prior : dict of str to Tensor
        Hyperparameters by the names of their fields in the library's `Prior`.

    Returns
    -------
    Tensor of shape (n_states,)
    """
    log_weights, ahead = posterior(points, prior)
    whole = torch.logsumexp(log_weights + ahead, (1, 2))
    return whole - torch.logsumexp(log_weights, (1, 2))


def posterior(points: Points, prior: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Log weights of scales and shapes, and log density of the truths under each.

    Both have the shape (n_states, n_scales, n_shapes); the weights are not normalised.
    """
    root = torch.linalg.cholesky(_covariance(points, prior))
    rest = points.log_errors[:, :, None] - _shapes(points.x)
    unit = torch.eye(root.shape[-1], dtype=root.dtype).expand(root.shape)
    whiten = torch.linalg.solve_triangular(root, unit, upper=False)
    log_sd = torch.log(torch.diagonal(root, dim1=-2, dim2=-1))[..., None]
    terms = -((whiten @ rest[:, None]) ** 2) / 2 - log_sd
    seen = terms[:, :, : points.n_seen].sum(2)
    ahead = (terms[:, :, points.n_seen :] - np.log(2 * np.pi) / 2).sum(2)
    weight = _log_prior(points.gap[:, None], prior)[:, None]
    return weight + torch.sigmoid(prior["trust"]) * seen, ahead


def _shapes(x):
    power = torch.exp2(EXPONENT * x[..., None])
    return torch.log(SHARE + (1 - SHARE) / (BEHIND + (1 - BEHIND) * power))


def _log_prior(gap, prior):
    """Log weights of the shapes, of shape (n_states, n_shapes)."""
    late = BEHIND > 0
    power = prior["power"] + prior["late_power"] * late
    rising = power * torch.log(EXPONENT.clamp(min=0.02)) + WIDTH
    weight = torch.where(EXPONENT > 0, rising, prior["falling"])
    weight = weight + prior["lasting"] * SHARE + prior["late"] * late
    step = -_shapes(torch.ones(1, dtype=torch.float64)).clamp(max=0)
    wanted = torch.exp(prior["gap_share"]) * torch.nan_to_num(gap)
    off = torch.log((step + SMALL_STEP) / (wanted + SMALL_STEP))
    penalty = torch.log1p((off / torch.exp(prior["gap_spread"])) ** 2)
    return weight - penalty * torch.isfinite(gap)


def _covariance(points, prior):
    """Of shape (n_states, n_scales, n_points, n_points)."""
    x = points.x
    distance = (x[:, :, None] - x[:, None]).abs()
    seen = (torch.arange(x.shape[1]) < points.n_seen).double()
    deviation = DEVIATION * _deviation(x, distance, prior)[:, None]
    scatter = SCATTER * _between_fits(x, distance, seen, prior)[:, None]
    return LEVEL_SD**2 + points.noise[:, None] + deviation + scatter


def _deviation(x, distance, prior):
    scaled = np.sqrt(3) * distance / torch.exp(prior["length"])
    growth = torch.exp2(-prior["early"] * x.clamp(max=0))
    return (1 + scaled) * torch.exp(-scaled) * growth[:, :, None] * growth[:, None]


def _between_fits(x, distance, seen, prior):
    """Scatter of the fits seen, and the smaller one of typical fits ahead."""
    unit = torch.eye(len(seen), dtype=torch.float64)
    kernel = PRIOR.own * unit + (1 - PRIOR.own) * torch.exp(-distance / PRIOR.nested)
    growth = torch.exp2(-prior["early"] * x) * seen
    typical = torch.exp(2 * prior["mean_of"]) * (1 - seen)
    return kernel * growth[:, :, None] * growth[:, None] + unit * typical
