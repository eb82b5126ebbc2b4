"""What measured scores say: log errors, their noise, and the gap to training scores."""

from __future__ import annotations

import numpy as np

from sufficient.decision.given_scores import GivenScores
from sufficient.decision.learning_curve import Prior

__all__ = ["correlation_between", "gap_step", "log_errors_of"]

# Standard deviation of losses of single samples, in means: where nothing is known.
LOSS_SPREAD = 2.0
# Rare errors are drawn to the mean of the neighbouring sizes, worth this many errors.
NEIGHBOURS_WORTH = 4.0
# The gap is read at so many sizes; where the training error is below this share of the
# held-out one, the net interpolates and the gap says nothing.
RECENT, INTERPOLATES = 3, 0.05
# A loss of zero is taken for this share of the largest.
LEAST_ERROR = 1e-6
# Number of held-out samples where neither it nor a standard error is known.
MANY = 1e6


def log_errors_of(
    given: GivenScores, n_held_out: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Log errors at which the noise is Gaussian, and its standard deviation.

    Parameters
    ----------
    given : GivenScores
        Scores, and their standard errors where these are known.
    n_held_out : int or None
        Number of held-out samples.

    Returns
    -------
    log_errors, relative_std_err : ndarray of shape (n_fits,)
        For a bounded score, binomial noise around a smoothed share. Fits of one size
        have one standard deviation: if it went with the error of each, the common part
        of the noise would be laid to the fits that happen to be best.
    """
    worst, best = given.score_range
    errors, std_err, width = given.errors, given.std_err, best - worst
    if not np.isfinite(width):
        errors = np.maximum(errors, LEAST_ERROR * max(errors.max(), LEAST_ERROR))
        if std_err is None:
            std_err = errors * (LOSS_SPREAD / n_held_out**0.5 if n_held_out else 0)
        level, noise = (_mean_by_size(v, given.places) for v in (errors, std_err))
        return np.log(errors), (noise / level)[given.places]
    share = np.minimum(errors / width, 1)
    m: float = n_held_out or 0
    if not m:
        m = MANY if std_err is None else _n_held_out(share, std_err / width)
    smooth = _smoothed(share, given.places, m)
    relative = np.sqrt((1 - smooth).clip(1e-3) / (smooth * m))
    return np.log(smooth * width) + share / smooth - 1, relative


def correlation_between(
    x: np.ndarray, given: GivenScores, overlap: float, prior: Prior
) -> np.ndarray:
    """Correlation of the held-out noise between fits, which lie at `x` doublings.

    Curves have the share `overlap` of their held-out samples in common, and so that
    share of their covariance.
    """
    if isinstance(given.correlation, np.ndarray):
        return given.correlation
    distance = np.abs(np.subtract.outer(x, x))
    shared = prior.shared * np.exp(-distance / prior.shared_length)
    if given.correlation is not None:
        shared = np.full_like(distance, given.correlation)
    shared[np.not_equal.outer(given.seeds, given.seeds)] *= overlap
    np.fill_diagonal(shared, 1)
    return shared


def gap_step(given: GivenScores) -> float | None:
    r"""Fall of the log error by a doubling, by a quarter of the gap.

    At a minimum the expected test loss is :math:`H_0 + m / 2n` and the training loss
    :math:`H_0 - m / 2n`, with m parameters that count, so twice the data lower the test
    loss by a quarter of the gap between them.

    Parameters
    ----------
    given : GivenScores
        What the scores of held-out samples lack, and those of training samples where
        these are known.

    Returns
    -------
    float or None
        None where no training score is known or the net interpolates.
    """
    if given.train_errors is None:
        return None
    recent = given.places > given.places[-1] - RECENT
    train, held_out = given.train_errors[recent], given.errors[recent]
    known = np.isfinite(train)
    share = train[known].sum() / max(held_out[known].sum(), 1e-12)
    if not known.any() or share <= INTERPOLATES:
        return None
    return float(-np.log(1 - max(1 - share, 0) / 4))


def _n_held_out(share, std_err):
    """Number of held-out samples that the standard errors speak of."""
    variance = (share * (1 - share)).clip(1e-3)
    return np.clip(np.median(variance) / max(np.median(std_err**2), 1e-12), 1, 1e9)


def _mean_by_size(values, places):
    return np.bincount(places, values) / np.bincount(places)


def _smoothed(share, places, m):
    """Share of errors at each fit's size, drawn to that of five neighbouring sizes."""
    means = _mean_by_size(share, places)
    near = np.array([means[max(i - 2, 0) : i + 3].mean() for i in range(len(means))])
    near, n = np.maximum(near, 0.5 / m), np.bincount(places) * m
    worth = NEIGHBOURS_WORTH
    return np.minimum((means * n + worth) / (n + worth / near), 1)[places]
