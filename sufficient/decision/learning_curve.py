r"""How scores go on: one Bayesian model for the learning curves of any trainer.

What a typical fit on n samples lacks to the best possible score is :math:`e^{f(n)}`,
and

.. math:: f(n) = \mu + \log\Bigl(\rho + \frac{1 - \rho}
          {\kappa + (1 - \kappa) (n / N)^b}\Bigr) + d(\log n)

with N the last size: a power law of exponent b, of whose error at N the share
:math:`\rho` never goes away, and which may have a plateau behind it
(:math:`\kappa > 0`: a late learner). d is a Gaussian process, for what no such law
describes. A measured score adds the scatter between fits and the noise of the held-out
samples. Level, deviation and noise are integrated in closed form; the shapes, and the
scales of scatter and deviation, lie on a grid and are weighted by prior and evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

__all__ = [
    "PRIOR",
    "CurveDraws",
    "Prior",
    "between",
    "draw_curves",
    "standard_normal",
]

N_DRAWS = 2000
# Exponents b, lasting shares rho and plateaus kappa.
EXPONENTS = np.array([-0.3, -0.1, 0.03, 0.1, 0.2, 0.3, 0.45, 0.65, 0.9, 1.3, 2, 3])
LASTING = np.array([0, 0.25, 0.5, 0.7, 0.85, 0.95])
PLATEAU = np.array([0, 0.4, 0.75, 0.95])
# Standard deviations of scatter and deviation, in log error.
SCATTER = np.array([0.005, 0.012, 0.03, 0.07, 0.16, 0.35])
DEVIATION = np.array([0.01, 0.03, 0.09, 0.25])
# Width of each exponent's cell in log b.
CELL = np.log(np.gradient(np.log(np.where(EXPONENTS > 0, EXPONENTS, 0.012))).clip(0.1))
LEVEL_SD = 3.0
# A score that fits no curve: this prior probability, and its additional sd.
OUTLIER, OUTLIER_SD = 0.01, 1.0
# Keeps matrices positive definite, and a gap of zero a number.
JITTER, SMALL_STEP = 1e-8, 1e-3


@dataclass(frozen=True)
class Prior:
    """What learning curves look like before a score is seen.

    The first block maximises the predictive density of the scores at n, 2n and 4n on
    learning curves of LCDB 1.1 (CC BY 4.0, arXiv 2505.15657). The second is measured on
    single runs of LCDB 1.0 (MIT) and on losses of single samples; `spread` makes 90 %
    intervals of nets cover 90 % on the curves of the first.

    Attributes
    ----------
    power, late_power : float
        The weight of a shape goes with b to this power, which changes by `late_power`
        behind a plateau.
    falling, lasting, late : float
        Log weight of a score that falls, of a share of error that stays (times the
        share), and of a plateau.
    length : float
        Log length of deviations, in doublings.
    early : float
        By how many doublings scatter and deviation grow when n is halved.
    mean_of : float
        Log of the scatter of a "typical fit", relative to that of one fit.
    trust : float
        Logit of the power to which the evidence counts, as no model is quite right.
    gap_share, gap_spread : float
        Log of the gain of a doubling in quarters of the gap between held-out and
        training score, and log of its spread in logarithms.
    own, nested : float
        Share of the scatter that is a fit's own luck; the rest is shared over so many
        doublings, as training sets are nested.
    shared, shared_length : float
        Correlation of the held-out noise between fits, and the doublings over which it
        fades.
    spread : float
        Factor on the width of intervals.
    """

    power: float = 1.127
    late_power: float = -1.353
    falling: float = -5.654
    lasting: float = -3.058
    late: float = -3.67
    length: float = 1.826
    early: float = 0.5705
    mean_of: float = -1.363
    trust: float = 0.6318
    gap_share: float = -0.5693
    gap_spread: float = -0.1492

    own: float = 0.5
    nested: float = 0.65
    shared: float = 0.87
    shared_length: float = 7.5
    spread: float = 1.1


PRIOR = Prior()


@dataclass(frozen=True)
class CurveDraws:
    """Draws from the posterior, and what it says of the curve.

    Attributes
    ----------
    log_errors : ndarray of shape (n_draws, n_grid)
        Logarithm of what a typical fit lacks to the best score.
    scatter : ndarray of shape (n_draws,)
        Standard deviation between fits at the last size, in log error.
    deviation : float
        Mean standard deviation of what no power law describes, in log error.
    probability_late : float
        That a plateau lies behind the curve.
    outliers : tuple of int
        Indices of the fits whose score fits no curve.
    """

    log_errors: np.ndarray
    scatter: np.ndarray
    deviation: float
    probability_late: float
    outliers: tuple[int, ...]


def draw_curves(
    x: np.ndarray,
    y: np.ndarray,
    seeds: np.ndarray,
    noise: np.ndarray,
    gap_step: float | None,
    ahead: np.ndarray,
    prior: Prior,
) -> CurveDraws:
    """Draw learning curves from the posterior.

    Parameters
    ----------
    x : ndarray of shape (n_fits,)
        Measured sizes in doublings relative to the last, which is 0.
    y : ndarray of shape (n_fits,)
        Log errors there.
    seeds : ndarray of shape (n_fits,), int
        Fits with the same number have nested training sets.
    noise : ndarray of shape (n_fits, n_fits)
        Covariance of the log errors by the held-out samples.
    gap_step : float or None
        Fall of the log error by a doubling as the training scores suggest it.
    ahead : ndarray of shape (n_grid,)
        Where the curve is drawn, in doublings.
    prior : Prior
        What curves look like.

    Returns
    -------
    CurveDraws
    """
    shape, weight, scatter, deviation = _grid(gap_step, prior)
    tau, eta = scatter[:, None, None] ** 2, deviation[:, None, None] ** 2
    rest = (y - y[-1])[:, None] - _shapes(x, *shape)
    scatter_of_fits = tau * _between_fits(x, seeds, prior)
    seen = LEVEL_SD**2 + eta * _deviation(x, x, prior) + scatter_of_fits
    noise = noise + JITTER * np.eye(len(x))
    outliers: list[int] = []
    while True:
        whiten, z, log_post = _evidence(seen + noise, rest, weight, prior)
        worst = None
        if len(outliers) < len(x) // 4:
            worst = _outlier(whiten, z, log_post, prior)
        if worst is None:
            break
        noise[worst, worst] += OUTLIER_SD**2
        outliers.append(worst)
    weights = special.softmax(log_post)
    k, j = np.unravel_index(_evenly_drawn(weights.ravel(), N_DRAWS), weights.shape)
    half = (LEVEL_SD**2 + eta * _deviation(ahead, x, prior)) @ whiten.transpose(0, 2, 1)
    typical = tau * np.exp(2 * prior.mean_of) + JITTER
    future = LEVEL_SD**2 + eta * _deviation(ahead, ahead, prior)
    future = future - half @ half.transpose(0, 2, 1) + typical * np.eye(len(ahead))
    roots, normal = np.linalg.cholesky(future), standard_normal(N_DRAWS, len(ahead))
    draws = y[-1] + _shapes(ahead, *shape).T[j]
    for i in np.unique(k):
        mine = k == i
        draws[mine] += z[i][:, j[mine]].T @ half[i].T + normal[mine] @ roots[i].T
    return CurveDraws(
        log_errors=draws.mean(0) + prior.spread * (draws - draws.mean(0)),
        scatter=scatter[k],
        deviation=float(deviation[k].mean()),
        probability_late=float(weights[:, shape[2] > 0].sum()),
        outliers=tuple(outliers),
    )


def between(curves: np.ndarray, grid: np.ndarray, x: float) -> np.ndarray:
    """Value of each curve at `x`, by lines between the points of its grid."""
    i = np.clip(np.searchsorted(grid, x), 1, len(grid) - 1)
    share = np.clip((x - grid[i - 1]) / (grid[i] - grid[i - 1]), 0, 1)
    return (1 - share) * curves[:, i - 1] + share * curves[:, i]


def standard_normal(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """Draw the same normal numbers at every call: forecasts are reproducible."""
    return np.random.default_rng(seed).standard_normal((rows, columns))


def _grid(gap_step, prior):
    """Shapes (b, rho, kappa) with log weights, and scales (scatter, deviation)."""
    b, rho, kappa = (
        axis.ravel() for axis in np.meshgrid(EXPONENTS, LASTING, PLATEAU, indexing="ij")
    )
    power = prior.power + prior.late_power * (kappa > 0)
    cell = np.repeat(CELL, len(LASTING) * len(PLATEAU))
    weight = np.where(b > 0, power * np.log(b.clip(0.02)) + cell, prior.falling)
    weight += prior.lasting * rho + prior.late * (kappa > 0)
    if gap_step is not None:
        step = np.maximum(-_shapes(np.ones(1), b, rho, kappa)[0], 0)
        wanted = np.exp(prior.gap_share) * gap_step
        off = np.log((step + SMALL_STEP) / (wanted + SMALL_STEP))
        weight -= np.log1p((off / np.exp(prior.gap_spread)) ** 2)
    scales = (axis.ravel() for axis in np.meshgrid(SCATTER, DEVIATION, indexing="ij"))
    return (b, rho, kappa), weight, *scales


def _shapes(x, b, rho, kappa):
    power = np.exp2(np.multiply.outer(x, b))
    return np.log(rho + (1 - rho) / (kappa + (1 - kappa) * power))


def _deviation(x, y, prior):
    """Matérn-3/2 covariance in doublings, larger at early sizes."""
    r = np.sqrt(3) * np.abs(np.subtract.outer(x, y)) / np.exp(prior.length)
    growth = np.outer(*(np.exp2(-prior.early * np.minimum(z, 0)) for z in (x, y)))
    return (1 + r) * np.exp(-r) * growth


def _between_fits(x, seeds, prior):
    """Covariance of single fits: each one's own luck, and that of shared samples.

    Training sets of one seed are nested. Those of two seeds are drawn from the samples
    at hand, so a smaller one has the share of them in common that the larger one is.
    """
    nested = np.exp(-np.abs(np.subtract.outer(x, x)) / prior.nested)
    share = np.exp2(np.maximum.outer(x, x))
    nested = np.where(np.equal.outer(seeds, seeds), nested, nested * share)
    growth = np.exp2(-prior.early * x)
    kernel = prior.own * np.eye(len(x)) + (1 - prior.own) * nested
    return kernel * np.outer(growth, growth)


def _evidence(covariance, rest, weight, prior):
    """Whitening matrices, whitened residuals, log posterior of scales and shapes."""
    root = np.linalg.cholesky(covariance)
    whiten = np.linalg.inv(root)
    z = whiten @ rest
    log_det = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(1)
    evidence = -log_det[:, None] - (z**2).sum(1) / 2
    return whiten, z, weight + special.expit(prior.trust) * evidence


def _outlier(whiten, z, log_post, prior):
    """Fit whose score is better explained as a slip, if there is one."""
    k, j = np.unravel_index(log_post.argmax(), log_post.shape)
    precision = (whiten[k] ** 2).sum(0)
    i = np.argmax((whiten[k].T @ z[k][:, j]) ** 2 / precision)
    precision = (whiten[:, :, i] ** 2).sum(1)[:, None]
    pull = np.einsum("ks,ksj->kj", whiten[:, :, i], z)
    spread = 1 + OUTLIER_SD**2 * precision
    more = OUTLIER_SD**2 * pull**2 / spread / 2 - np.log(spread) / 2
    slip = log_post + special.expit(prior.trust) * more
    odds = special.logsumexp(slip) - special.logsumexp(log_post)
    return int(i) if odds + np.log(OUTLIER) > 0 else None


def _evenly_drawn(weights, size):
    """Indices drawn with these probabilities, as evenly as can be."""
    points = (np.arange(size) + 0.5) / size
    return np.minimum(np.searchsorted(weights.cumsum(), points), len(weights) - 1)
