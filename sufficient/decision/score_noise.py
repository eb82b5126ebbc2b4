"""What measured scores say: log errors, their noise, and the gap to training scores."""

from __future__ import annotations

import numpy as np

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
    errors: np.ndarray,
    std_err: np.ndarray | None,
    n_held_out: int | None,
    width: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Log errors at which the noise is Gaussian, and its standard deviation.

    Parameters
    ----------
    errors : ndarray of shape (n_sizes,)
        What the scores lack to the best there can be.
    std_err : ndarray of shape (n_sizes,) or None
        Their standard errors.
    n_held_out : int or None
        Number of held-out samples.
    width : float
        Largest error there can be, or infinity.

    Returns
    -------
    log_errors, relative_std_err : ndarray of shape (n_sizes,)
        For a bounded score, binomial noise around a smoothed share.
    """
    if not np.isfinite(width):
        errors = np.maximum(errors, LEAST_ERROR * max(errors.max(), LEAST_ERROR))
        if std_err is None:
            std_err = errors * (LOSS_SPREAD / n_held_out**0.5 if n_held_out else 0)
        return np.log(errors), std_err / errors
    share = np.minimum(errors / width, 1)
    m: float = n_held_out or 0
    if not m:
        m = MANY if std_err is None else _n_held_out(share, std_err / width)
    smooth = _smoothed(share, m)
    relative = np.sqrt((1 - smooth).clip(1e-3) / (smooth * m))
    return np.log(smooth * width) + share / smooth - 1, relative


def correlation_between(
    x: np.ndarray, correlation: float | np.ndarray | None, prior: Prior
) -> np.ndarray:
    """Correlation of the held-out noise between sizes, which lie at `x` doublings."""
    if isinstance(correlation, np.ndarray):
        return correlation
    distance = np.abs(np.subtract.outer(x, x))
    shared = prior.shared * np.exp(-distance / prior.shared_length)
    if correlation is not None:
        shared = np.full_like(distance, correlation)
    np.fill_diagonal(shared, 1)
    return shared


def gap_step(train_errors: np.ndarray | None, errors: np.ndarray) -> float | None:
    r"""Fall of the log error by a doubling, by a quarter of the gap.

    At a minimum the expected test loss is :math:`H_0 + m / 2n` and the training loss
    :math:`H_0 - m / 2n`, with m parameters that count, so twice the data lower the test
    loss by a quarter of the gap between them.

    Parameters
    ----------
    train_errors : ndarray of shape (n_sizes,) or None
        What the scores of the training samples lack, NaN where not known.
    errors : ndarray of shape (n_sizes,)
        What those of the held-out samples lack.

    Returns
    -------
    float or None
        None where no training score is known or the net interpolates.
    """
    if train_errors is None:
        return None
    train, held_out = train_errors[-RECENT:], errors[-RECENT:]
    known = np.isfinite(train)
    share = train[known].sum() / max(held_out[known].sum(), 1e-12)
    if not known.any() or share <= INTERPOLATES:
        return None
    return float(-np.log(1 - max(1 - share, 0) / 4))


def _n_held_out(share, std_err):
    """Number of held-out samples that the standard errors speak of."""
    variance = (share * (1 - share)).clip(1e-3)
    return np.clip(np.median(variance) / max(np.median(std_err**2), 1e-12), 1, 1e9)


def _smoothed(share, m):
    """Shares of errors, rare ones drawn to the mean of five neighbouring sizes."""
    near = np.array([share[max(i - 2, 0) : i + 3].mean() for i in range(len(share))])
    near = np.maximum(near, 0.5 / m)
    worth = NEIGHBOURS_WORTH
    return np.minimum((share * m + worth) / (m + worth / near), 1)
