r"""Delta: expected squared change of the loss when one more batch is added.

Let :math:`x_i` be what one sample contributes to the loss around the trained weights:
its loss, gradient and Hessian in a basis of d directions, or its loss at each of a set
of random displacements. Adding a batch of b samples to n seen ones moves the mean by

.. math:: \frac{b}{n+b}\,(\bar x_{batch} - \bar x_{seen}),

and Delta is a quadratic form Q of that increment, averaged over displacements
:math:`\theta \sim N(0, \sigma^2 I)`. Over the choice of the batch,

.. math::

    E\,\Delta = \Bigl(\frac{b}{n+b}\Bigr)^2
        \Bigl[\, Q(\mu) + \frac{1}{b}\, E\, Q(x - \bar x) \Bigr],
    \qquad \mu = \bar x_{fresh} - \bar x_{seen},

with expectations over samples that were never trained on. Estimated from m fresh
samples, :math:`Q(\hat\mu)` is too large by :math:`E\,Q(x - \bar x)/m`, which is
subtracted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sufficient.results import DeltaEstimate

__all__ = [
    "SecondOrder",
    "SecondOrderForm",
    "batch_weight",
    "draw_form",
    "eigenvalue_delta",
    "expected_delta",
    "monte_carlo_delta",
]


class SecondOrder(NamedTuple):
    """Loss, gradient and Hessian in d directions, of one sample or of many.

    Attributes
    ----------
    loss : ndarray of shape (...)
    gradient : ndarray of shape (..., d)
    hessian : ndarray of shape (..., d, d)
    """

    loss: np.ndarray | np.float64
    gradient: np.ndarray
    hessian: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The three arrays concatenated along the last axis, (..., 1 + d + d^2)."""
        lead = np.shape(self.loss)
        return np.concatenate([np.reshape(p, (*lead, -1)) for p in self], axis=-1)

    @classmethod
    def of_rows(cls, rows: np.ndarray, n_directions: int) -> SecondOrder:
        """Split rows, or linear combinations of rows, into the three arrays."""
        d = n_directions
        hessian = rows[..., d + 1 :].reshape(*rows.shape[:-1], d, d)
        return cls(rows[..., 0], rows[..., 1 : d + 1], hessian)


@dataclass(frozen=True)
class SecondOrderForm:
    r"""Q of the second-order model, formula (1) of the documentation.

    .. math::

        E_\theta \bigl(a + c'\theta + \tfrac12 \theta' B \theta\bigr)^2
        = a^2 + a \sigma^2 \operatorname{tr} B + \sigma^2 \lVert c \rVert^2
          + \tfrac{\sigma^4}{4} \bigl(2 \lVert B \rVert_F^2
          + (\operatorname{tr} B)^2 \bigr)

    Parameters
    ----------
    sigma : float
        Standard deviation of the displacement theta.
    n_directions : int
        Dimension d of the displacement.
    """

    sigma: float
    n_directions: int

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Q of increments, as rows of shape (..., 1 + d + d^2)."""
        variance = self.sigma**2
        a, c, B = SecondOrder.of_rows(rows, self.n_directions)
        trace = np.trace(B, axis1=-2, axis2=-1)
        return (
            a**2
            + a * variance * trace
            + variance * (c**2).sum(axis=-1)
            + variance**2 / 4 * (2 * (B**2).sum(axis=(-2, -1)) + trace**2)
        )


def draw_form(rows: np.ndarray) -> np.ndarray:
    """Q of the real loss: mean square over the random displacements."""
    return (rows**2).mean(axis=-1)


def eigenvalue_delta(shifts: np.ndarray, sigma: float) -> np.ndarray:
    r"""Paper B's formula (2), from the changes of the leading eigenvalues.

    .. math::

        \tfrac{\sigma^4}{4} \Bigl(2 \sum_i (\lambda_i^{k+1} - \lambda_i^k)^2
        + \bigl(\sum_i (\lambda_i^{k+1} - \lambda_i^k)\bigr)^2 \Bigr)

    It neglects the change of the loss, of the gradient and of the eigenvectors, so it
    is no upper bound.

    Parameters
    ----------
    shifts : ndarray of shape (..., d)
        ``lambda^{k+1} - lambda^k``.
    sigma : float
        Standard deviation of the displacement.

    Returns
    -------
    ndarray of shape (...)

    Examples
    --------
    >>> import numpy as np
    >>> float(eigenvalue_delta(np.array([1.0, -1.0]), sigma=1.0))
    1.0
    """
    shifts = np.asarray(shifts)
    total = shifts.sum(axis=-1)
    return sigma**4 / 4 * (2 * (shifts**2).sum(axis=-1) + total**2)


def batch_weight(batch_size: int, n_seen: int) -> float:
    """Weight b / (n + b) of the next batch in the mean over all samples."""
    return batch_size / (n_seen + batch_size)


def expected_delta(
    form: Callable[[np.ndarray], np.ndarray],
    fresh: np.ndarray,
    seen_mean: np.ndarray,
    *,
    batch_size: int,
    n_seen: int,
    seen_sample: np.ndarray | None = None,
) -> DeltaEstimate:
    """Expected Delta over the batch that comes next, with its standard error.

    Parameters
    ----------
    form : callable
        Quadratic form Q on the last axis.
    fresh : ndarray of shape (m, n_numbers)
        Contribution x_i of each fresh sample.
    seen_mean : ndarray of shape (n_numbers,)
        Mean contribution of the seen samples.
    batch_size, n_seen : int
        b and n.
    seen_sample : ndarray of shape (m_seen, n_numbers) or None, default=None
        If `seen_mean` is the mean over a random part of the seen samples, their
        contributions. The sampling noise is then subtracted, and added to the standard
        error.

    Returns
    -------
    DeltaEstimate
        The standard error is a first-order approximation. It is too large if the shift
        of the mean is smaller than its own noise.
    """
    m, b = len(fresh), batch_size
    shift = fresh.mean(axis=0) - seen_mean
    centred = fresh - fresh.mean(axis=0)
    spread = form(centred) * m / max(m - 1, 1)
    mean_shift = form(shift) - spread.mean() / m
    influence = _cross(form, shift, centred) + (spread - spread.mean()) / b
    variance = influence.var() / m
    if seen_sample is not None and len(seen_sample) < n_seen:
        noise, noise_variance = _sampling_noise(form, shift, seen_sample, n_seen)
        mean_shift, variance = mean_shift - noise, variance + noise_variance
    # At least half of the batch noise: an estimate from few fresh samples can only be
    # smaller by sampling error.
    bracket = max(mean_shift, -spread.mean() / (2 * b)) + spread.mean() / b
    weight = batch_weight(b, n_seen) ** 2
    std_err = weight * np.sqrt(variance) if m > 1 else np.inf
    return DeltaEstimate(float(weight * bracket), float(std_err))


def monte_carlo_delta(
    fresh: np.ndarray,
    seen_sample: np.ndarray,
    *,
    batch_size: int,
    n_seen: int,
) -> DeltaEstimate:
    """Expected Delta of the real loss over random displacements, formula (4).

    Parameters
    ----------
    fresh, seen_sample : ndarray of shape (n_draws, m) and (n_draws, m_seen)
        Loss of each sample at each displacement.
    batch_size, n_seen : int
        b and n.

    Returns
    -------
    DeltaEstimate
        The standard error includes the noise of the draws and of the samples.
    """
    rest = {"batch_size": batch_size, "n_seen": n_seen}
    fresh, seen_sample = fresh.T, seen_sample.T
    seen_mean = seen_sample.mean(axis=0)
    whole = expected_delta(draw_form, fresh, seen_mean, seen_sample=seen_sample, **rest)
    shift = fresh.mean(axis=0) - seen_mean
    per_draw = shift**2 + fresh.var(axis=0) / batch_size
    weight = batch_weight(batch_size, n_seen) ** 2
    draws = weight * per_draw.std() / np.sqrt(max(len(per_draw) - 1, 1))
    return DeltaEstimate(whole.value, float(np.hypot(whole.std_err, draws)))


def _cross(form, shift, centred):
    """2 Q(shift, x - mean), by polarisation."""
    return form(shift + centred) - form(shift) - form(centred)


def _sampling_noise(form, shift, sample, n_seen):
    m = len(sample)
    centred = sample - sample.mean(axis=0)
    left_out = 1 - m / n_seen
    spread = form(centred)
    noise = spread.mean() / m * left_out
    cross = _cross(form, shift, centred)
    return noise, cross.var() / m * left_out
