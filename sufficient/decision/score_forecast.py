r"""Forecast of a learning curve: one Bayesian model for the scores of any trainer.

What a typical fit on :math:`n` samples lacks to the best possible score is
:math:`\exp f(n)`, and

.. math:: f(n) = \mu + \log\Bigl(\rho + \frac{1 - \rho}
          {\kappa + (1 - \kappa) (n / N)^b}\Bigr) + d(\log n)

with N the last size: a power law of exponent b, of whose error at N the share
:math:`\rho` never goes away, and which may have a plateau behind it (:math:`\kappa > 0`:
a late learner). d is a Gaussian process, for what no such law describes. A score is
that of a typical fit, plus the scatter between fits, plus the noise of the held-out
samples, which is known and shared between sizes.

Level, deviation and noise are Gaussian given the shape (b, rho, kappa) and the two
scales (of scatter and deviation), and integrated in closed form; shapes and scales lie on
a grid, weighted by prior times evidence. Everything is read off the same draws of f.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

__all__ = ["ScoreForecast", "forecast_scores"]

COVERAGE = 0.9
N_DRAWS = 2000


@dataclass(frozen=True)
class Prior:
    """What learning curves look like before a score is seen."""

    b_mean: float = -0.42
    b_sd: float = 1.19
    b_neg: float = -3.4
    late_b: float = 0.61
    rho1: float = 0.13
    rho2: float = 0.21
    late: float = -2.15
    late1: float = -0.26
    tau_mean: float = -3.09
    tau_sd: float = 1.18
    eta_mean: float = -3.0
    eta_sd: float = 1.38
    length: float = 1.39
    tau_slope: float = 0.3
    eta_slope: float = 0.5
    white: float = -0.29
    short: float = -0.09
    shared: float = 0.87
    shared_length: float = 7.5
    mean_of: float = -1.4
    trust: float = 4.0
    rho_n: float = 0.0
    late_n: float = 0.0
    b_n: float = 0.0
    rho_e: float = 0.0
    b_e: float = 0.0
    gap_a: float = 0.0
    gap_eps: float = -4.5
    gap_w: float = -50.0
    gap_s: float = 0.0
    tilt: float = 0.0
    tilt0: float = 0.0
    outlier: float = 0.01


PRIOR = Prior()
EXPONENTS = np.array([-0.3, -0.1, 0.03, 0.1, 0.2, 0.3, 0.45, 0.65, 0.9, 1.3, 2, 3])
LASTING = np.array([0, 0.25, 0.5, 0.7, 0.85, 0.95])
PLATEAU = np.array([0, 0.4, 0.75, 0.95])
SCATTER = np.array([0.005, 0.012, 0.03, 0.07, 0.16, 0.35])
DEVIATION = np.array([0.01, 0.03, 0.09, 0.25])
CELL = np.log(np.gradient(np.log(np.where(EXPONENTS > 0, EXPONENTS, 0.012))).clip(0.1))
LEVEL_SD = 3.0
OUTLIER_SD = 1.0
# Doublings beyond the last size at which the curve is drawn; between them, lines.
AHEAD = np.r_[np.arange(0, 2, 0.25), np.arange(2, 4, 0.5), np.arange(4, 11)]


class ScoreForecast:
    """Draws of the curve of a typical fit, and what is read off them.

    Attributes
    ----------
    n : float
        The last size seen.
    draws : ndarray of shape (n_draws, n_grid)
        Scores of a typical fit at ``n * 2**doublings``.
    doublings : ndarray of shape (n_grid,)
        Where the curve is drawn, from the first size seen (negative) to 1,024 n.
    scatter : float
        Standard deviation between fits at n, relative to the error.
    probability_late : float
        That the curve has a plateau behind it.
    """

    def __init__(self, n, top, bottom, doublings, log_errors, scatter, late):
        self.n, self.doublings = float(n), doublings
        self._top, self._bottom = top, bottom
        self._log_errors, self._scatter = log_errors, scatter
        self.scatter, self.probability_late = float(scatter.mean()), float(late)

    @property
    def draws(self):
        return self._scores(self._log_errors)

    def gain(self, factor=2):
        """Expected gain of a typical fit from ``factor`` times the data, and interval."""
        return _summary(self._gains(factor))

    def score_at(self, n, one_fit=False):
        """Expected score at n and 90 % interval; of a typical fit or of one more."""
        noise = self._scatter * _normal(len(self._scatter), 1, 1)[:, 0] * one_fit
        return _summary(self._scores(self._at(n) + noise))

    def probability_of_gain_below(self, min_gain, factor=2):
        """Probability that ``factor`` times the data add less than ``min_gain``."""
        gains = self._gains(factor)
        return float(np.mean(gains < min_gain))

    def smallest_n(self, score, probability=0.5):
        """Least n at which a typical fit reaches the score with that probability."""
        reached = self.draws >= score
        ever = reached.any(1)
        first = np.where(ever, self.doublings[reached.argmax(1)], np.inf)
        at = np.quantile(first, probability, method="higher")
        return float(self.n * 2**at) if np.isfinite(at) else None

    def _gains(self, factor):
        return self._scores(self._at(self.n * factor)) - self._scores(self._at(self.n))

    def _at(self, n):
        x, grid = np.log2(n / self.n), self.doublings
        right = np.clip(np.searchsorted(grid, x), 1, len(grid) - 1)
        share = np.clip((x - grid[right - 1]) / (grid[right] - grid[right - 1]), 0, 1)
        left, right = self._log_errors[:, right - 1], self._log_errors[:, right]
        return (1 - share) * left + share * right

    def _scores(self, log_errors):
        return np.clip(self._top - np.exp(log_errors), self._bottom, self._top)


def forecast_scores(
    n,
    scores,
    *,
    std_err=None,
    n_held_out=None,
    train_scores=None,
    correlation=None,
    score_range=(0, 1),
    prior=PRIOR,
):
    """Forecast the scores of a trainer on more data.

    Parameters
    ----------
    n : array-like of shape (n_sizes,)
        Training-set sizes.
    scores : array-like of shape (n_sizes,)
        Score at each, larger is better. A loss enters as a negative score.
    std_err : array-like of shape (n_sizes,), optional
        Standard error of each score over the held-out samples.
    n_held_out : int, optional
        Number of held-out samples, where ``std_err`` is not known.
    train_scores : array-like of shape (n_sizes,), optional
        Scores on the training samples.
    correlation : float or array-like of shape (n_sizes, n_sizes), optional
        Of the held-out noise between sizes, since all are scored on the same samples.
    score_range : (float, float), default=(0, 1)
        Worst and best score there can be; the worst may be ``-inf``.

    Returns
    -------
    ScoreForecast
    """
    n, scores = np.asarray(n, float), np.asarray(scores, float)
    bottom, top = map(float, score_range)
    std_err = None if std_err is None else np.broadcast_to(std_err, n.shape)
    known = np.isfinite(n) & np.isfinite(scores) & (n > 0)
    if std_err is not None:
        known &= np.isfinite(std_err)
    if not known.any():
        raise ValueError("A forecast needs at least one size with a finite score.")
    order = np.flatnonzero(known)[np.argsort(n[known], kind="stable")]
    n, scores = n[order], scores[order]
    errors = _errors(scores, top, bottom, n_held_out)
    if std_err is None:
        std_err = _std_err(errors, top - bottom, n_held_out)
    else:
        std_err = std_err[order]
    x = np.log2(n / n[-1])
    shared = _correlation(x, correlation, order, len(known), prior)
    counts = (errors / np.maximum(std_err, 1e-6 * errors)) ** 2
    log_errors = np.log(errors) + special.digamma(counts) - np.log(counts)
    relative = np.sqrt(special.zeta(2, counts))
    noise = np.outer(relative, relative) * shared
    doublings = np.r_[np.linspace(min(x[0], -1), 0, 9)[:-1], AHEAD]
    r = np.nan
    if train_scores is not None:
        train = top - np.asarray(train_scores, float)[order]
        r = 1 - np.nanmean(train[-3:]) / np.mean(errors[-3:])
    feats = (
        np.log2(n[-1] / 1024) / 4,
        (np.log(errors[-1]) + 1.5) * np.isfinite(bottom),
        r,
    )
    draws = _draw(x, log_errors, noise, doublings, prior, feats)
    limit = np.log(top - bottom) if np.isfinite(bottom) else np.inf
    log_errors, scatter, late = draws
    return ScoreForecast(
        n[-1], top, bottom, doublings, np.minimum(log_errors, limit), scatter, late
    )


def _errors(scores, top, bottom, n_held_out):
    """What the scores lack; never zero, as if half a held-out sample more were wrong."""
    errors = np.maximum(top - scores, 0)
    width = top - bottom
    if n_held_out and np.isfinite(width):
        return (errors * n_held_out + width / 2) / (n_held_out + 1)
    positive = errors[errors > 0]
    least = positive.min() / 2 if len(positive) else 1e-3 * min(width, 1)
    return np.maximum(errors, least)


def _std_err(errors, width, n_held_out):
    if not n_held_out:
        return np.zeros_like(errors)
    if np.isfinite(width):
        share = np.clip(errors / width, 0, 1)
        return width * np.sqrt(share * (1 - share) / n_held_out)
    return errors * np.sqrt(2 / n_held_out)


def _correlation(x, correlation, order, n_given, prior):
    if correlation is not None and np.ndim(correlation) == 2:
        return np.asarray(correlation, float)[np.ix_(order, order)]
    distance = np.abs(np.subtract.outer(x, x))
    if correlation is None:
        shared = prior.shared * np.exp(-distance / prior.shared_length)
    else:
        shared = np.full(distance.shape, float(correlation))
    np.fill_diagonal(shared, 1)
    return shared


def _grid(prior):
    """Shapes (b, rho, kappa) and scales (scatter, deviation), with log prior weights."""
    b, rho, kappa = (
        a.ravel() for a in np.meshgrid(EXPONENTS, LASTING, PLATEAU, indexing="ij")
    )
    cell = np.repeat(CELL, len(LASTING) * len(PLATEAU))
    z = (np.log(b.clip(0.02)) - prior.b_mean - prior.late_b * (kappa > 0)) / prior.b_sd
    log_shape = np.where(b > 0, -(z**2) / 2 + cell, prior.b_neg)
    log_shape += prior.rho1 * rho + prior.rho2 * rho**2
    log_shape += (kappa > 0) * (prior.late + prior.late1 * kappa)
    tau, eta = (a.ravel() for a in np.meshgrid(SCATTER, DEVIATION, indexing="ij"))
    z_tau = (np.log(tau) - prior.tau_mean) / prior.tau_sd
    z_eta = (np.log(eta) - prior.eta_mean) / prior.eta_sd
    log_scale = -(z_tau**2 + z_eta**2) / 2
    return (
        (b, rho, kappa, log_shape - special.logsumexp(log_shape)),
        (tau, eta, log_scale - special.logsumexp(log_scale)),
    )


def _shapes(x, b, rho, kappa):
    power = np.exp2(np.multiply.outer(x, b))
    return np.log(rho + (1 - rho) / (kappa + (1 - kappa) * power))


def _deviation(x, y, prior):
    """Matérn-3/2 covariance in doublings, larger at small sizes."""
    r = np.sqrt(3) * np.abs(np.subtract.outer(x, y)) / np.exp(prior.length)
    growth = np.exp2(-prior.eta_slope * np.minimum(x, 0))
    growth_y = np.exp2(-prior.eta_slope * np.minimum(y, 0))
    return (1 + r) * np.exp(-r) * np.outer(growth, growth_y)


def _between_fits(x, prior):
    """Covariance of fits: their own luck, and that of nested subsets."""
    distance = np.abs(np.subtract.outer(x, x))
    own = special.expit(prior.white)
    kernel = (1 - own) * np.exp(-distance / np.exp(prior.short))
    kernel += own * np.eye(len(x))
    growth = np.exp2(-prior.tau_slope * x)
    return kernel * np.outer(growth, growth)


def _tilt(shape, prior, feats):
    b, rho, kappa, lw = shape
    ln, e, r = feats
    lb = np.where(b > 0, np.log(b.clip(0.02)), 0)
    lw = (
        lw
        + rho * (prior.rho_n * ln + prior.rho_e * e)
        + (kappa > 0) * prior.late_n * ln
    )
    lw = lw + lb * (prior.b_n * ln + prior.b_e * e)
    if np.isfinite(r):
        r = np.clip(r, -0.3, 1)
        step = _shapes(np.array([1.0]), b, rho, kappa)[0]
        if r < 0.95:
            eps = np.exp(prior.gap_eps)
            want = np.exp(prior.gap_a) * max(-np.log(1 - r / 4), 0)
            z = np.log((np.maximum(-step, 0) + eps) / (want + eps)) / np.exp(
                prior.gap_s
            )
            lw = lw - np.exp(prior.gap_w) * np.log1p(z**2)
        lw = lw - prior.tilt * (r - prior.tilt0) * step
    return b, rho, kappa, lw


def _draw(x, y, noise, ahead, prior, feats):
    shape, scale = _grid(prior)
    shape = _tilt(shape, prior, feats)
    tau, eta = scale[0][:, None, None], scale[1][:, None, None]
    level = y[-1]
    noise = noise + 1e-8 * np.eye(len(x))
    for _ in range(1 + len(x) // 4):
        seen = LEVEL_SD**2 + noise + eta**2 * _deviation(x, x, prior)
        seen = seen + tau**2 * _between_fits(x, prior)
        root = np.linalg.cholesky(seen)
        inverse = np.linalg.inv(root)
        rest = y[:, None] - level - _shapes(x, *shape[:3])
        z = inverse @ rest
        log_det = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(1)
        evidence = -log_det[:, None] - (z**2).sum(1) / 2
        log_post = scale[2][:, None] + shape[3]
        log_post = log_post + special.expit(prior.trust) * evidence
        odd = _outlier(inverse, z, log_post, prior)
        if odd is None:
            break
        noise[odd, odd] += OUTLIER_SD**2
    weights = np.exp(log_post - log_post.max())
    weights /= weights.sum()
    chosen = _systematic(weights.ravel(), N_DRAWS)
    k, j = np.unravel_index(chosen, weights.shape)
    cross = LEVEL_SD**2 + eta**2 * _deviation(ahead, x, prior)
    half = cross @ inverse.transpose(0, 2, 1)
    future = LEVEL_SD**2 + eta**2 * _deviation(ahead, ahead, prior)
    future = future - half @ half.transpose(0, 2, 1)
    own = (np.exp(prior.mean_of) * tau) ** 2 + 1e-9
    future = future + own * np.eye(len(ahead))
    roots = np.linalg.cholesky(future)
    normal = _normal(N_DRAWS, len(ahead), 0)
    draws = level + _shapes(ahead, *shape[:3]).T[j]
    for i in np.unique(k):
        mine = k == i
        draws[mine] += z[i][:, j[mine]].T @ half[i].T + normal[mine] @ roots[i].T
    late = weights[:, shape[2] > 0].sum()
    return draws, scale[0][k], late


def _outlier(inverse, z, log_post, prior):
    """The size whose score fits no curve, if there is one."""
    best = np.unravel_index(log_post.argmax(), log_post.shape)
    precision = (inverse[best[0]] ** 2).sum(0)
    pull = inverse[best[0]].T @ z[best[0]][:, best[1]]
    if len(pull) < 4 or np.all(pull**2 < 9 * precision):
        return None
    i = np.argmax(pull**2 / precision)
    precision = (inverse[:, :, i] ** 2).sum(1)[:, None]
    pull = np.einsum("ks,ksj->kj", inverse[:, :, i], z)
    spread = 1 + OUTLIER_SD**2 * precision
    more = OUTLIER_SD**2 * pull**2 / spread / 2 - np.log(spread) / 2
    odds = special.logsumexp(log_post + more) - special.logsumexp(log_post)
    return i if odds + np.log(prior.outlier) > 0 else None


def _systematic(weights, size):
    points = (np.arange(size) + 0.5) / size
    return np.minimum(np.searchsorted(weights.cumsum(), points), len(weights) - 1)


def _normal(rows, columns, seed):
    return np.random.default_rng(seed).standard_normal((rows, columns))


def _summary(draws):
    low, high = np.quantile(draws, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(draws.mean()), (float(low), float(high))
