r"""The papers' other criterion: a plateau of the eigenvalue differences.

Paper B says no more of it than "plateau in eigenvalue differences
:math:`\lambda_i^{k+1} - \lambda_i^k` indicates threshold". As every difference carries
the factor 64 / (n + 64), the level at which it can settle is zero, and on its way there
it has no flat part of its own: how flat is flat enough has to be said in some unit. The
unit here are the eigenvalues themselves,

.. math::

    s_k = \frac{\sum_{i=1}^d |\lambda_i^{k+1} - \lambda_i^k|}
               {\sum_{i=1}^d |\lambda_i^k|},

and the plateau begins where :math:`s_k` falls below a tolerance for good. A stretch on
which the differences merely stop falling, well above zero, is none: the eigenvalues
drift on there, by the same amount with every batch, and nets that only begin to learn
show such a stretch long before they have settled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sufficient.decision.stopping import forecast_sample_size
from sufficient.results import SampleSizeCurve, SampleSizeForecast
from sufficient.settings import REFERENCE_BATCH

__all__ = ["EigenvaluePlateau", "eigenvalue_plateau", "plateau_of"]

SHIFT_TOL = 0.01


@dataclass(frozen=True)
class EigenvaluePlateau:
    """From where on one more batch hardly shifts the leading eigenvalues.

    Attributes
    ----------
    relative_shifts : ndarray of shape (n_sizes,)
        :math:`s_k`: how far 64 more samples shift the eigenvalues, as a share of them.
    forecast : SampleSizeForecast
        Where `relative_shifts` stays below `tol`, found as k* is found for Delta.
    tol : float
        Share of the eigenvalues that counts as no shift.
    batch_size : int
        Samples in a batch.
    """

    relative_shifts: np.ndarray
    forecast: SampleSizeForecast
    tol: float
    batch_size: int

    @property
    def reached(self) -> bool:
        """Whether the plateau begins within the data."""
        return self.forecast.converged

    @property
    def batch_count(self) -> int | None:
        """Batches from which it holds, beside `k_star_`; None where not reached."""
        if not self.reached or self.forecast.n_samples is None:
            return None
        return -(-self.forecast.n_samples // self.batch_size)

    @property
    def n_samples(self) -> int | None:
        """The same in samples, or a forecast where it was not reached."""
        if self.batch_count is None:
            return self.forecast.n_samples
        return self.batch_count * self.batch_size


def eigenvalue_plateau(
    train_sizes: np.ndarray,
    eigenvalues: np.ndarray,
    eigenvalue_shifts: np.ndarray,
    *,
    batch_size: int = REFERENCE_BATCH,
    tol: float = SHIFT_TOL,
    patience: int = 2,
) -> EigenvaluePlateau:
    r"""Find where the eigenvalue differences settle at zero, to within a tolerance.

    The relative shifts :math:`s_k` are smoothed by a local power law, and the plateau
    begins where that line comes below `tol`, has stayed there for `patience` sizes and
    falls: the rule that finds k* in the curve of Delta.

    Parameters
    ----------
    train_sizes : ndarray of shape (n_sizes,)
        Measured sizes in samples.
    eigenvalues : ndarray of shape (n_sizes, n_directions)
        Leading eigenvalues at each.
    eigenvalue_shifts : ndarray of shape (n_sizes, n_directions)
        Their change when 64 more samples are added at the same weights.
    batch_size : int, default=64
        Samples in a batch of `EigenvaluePlateau.batch_count`.
    tol : float, default=0.01
        Share of the eigenvalues that counts as no shift.
    patience : int, default=2
        Sizes in succession at which the smoothed shifts must be below `tol`.

    Returns
    -------
    EigenvaluePlateau

    Examples
    --------
    >>> import numpy as np
    >>> n = np.array([640, 1280, 2560, 5120, 10240])
    >>> eigenvalues = np.tile([8.0, 2.0], (5, 1))
    >>> shifts = eigenvalues * (32 / n)[:, None]
    >>> plateau = eigenvalue_plateau(n, eigenvalues, shifts)
    >>> plateau.relative_shifts.round(3).tolist()
    [0.05, 0.025, 0.012, 0.006, 0.003]
    >>> 2560 < plateau.n_samples <= 5120
    True
    """
    sizes = np.abs(eigenvalues).sum(axis=1)
    relative = np.abs(eigenvalue_shifts).sum(axis=1) / np.maximum(
        sizes, np.finfo(np.float32).tiny
    )
    forecast = forecast_sample_size(
        train_sizes, relative, tol=tol, patience=patience, bound="relative_shift"
    )
    return EigenvaluePlateau(relative, forecast, tol, batch_size)


def plateau_of(curve: SampleSizeCurve, patience: int) -> EigenvaluePlateau:
    """The plateau in what was measured along a growing training set.

    Parameters
    ----------
    curve : SampleSizeCurve
        What was measured.
    patience : int
        As for `eigenvalue_plateau`.

    Returns
    -------
    EigenvaluePlateau
    """
    return eigenvalue_plateau(
        curve.columns["train_size"],
        curve.eigenvalues,
        curve.eigenvalue_shifts,
        batch_size=curve.batch_size,
        patience=patience,
    )
