r"""A local power law through the last sizes: a straight line in logarithms.

.. math:: \log \Delta(n) = \alpha + \beta \log n + \varepsilon

A weak prior on the exponent :math:`\beta` steadies the line where there are few sizes,
or noisy ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

__all__ = ["LARGEST_FORECAST", "PowerLaw", "index_of_last_crossing", "local_power_law"]

PRIOR_SLOPE_SD = 0.35
SLOPE_DRIFT_SD = 0.2
PRIOR_SCATTER = 0.17
PRIOR_SCATTER_WEIGHT = 4
LARGEST_FORECAST = 10**12


@dataclass(frozen=True)
class PowerLaw:
    """Posterior of ``log value = level + slope * (log n - centre)``.

    Attributes
    ----------
    centre, level, slope : float
        The line.
    level_var, slope_var : float
        Variances of level and slope; they are uncorrelated at the centre.
    dof : float
        Degrees of freedom of the t distribution of the line.
    data_slope : float
        The slope without the prior.
    """

    centre: float
    level: float
    slope: float
    level_var: float
    slope_var: float
    dof: float
    data_slope: float

    def __call__(self, n: np.ndarray) -> np.ndarray:
        """Fitted value at n samples."""
        return np.exp(self.level + self.slope * (np.log(n) - self.centre))

    def log_std_err(self, n: np.ndarray) -> np.ndarray:
        """Standard error of its logarithm; scatter from net to net is part of it."""
        return np.sqrt(self.level_var + (np.log(n) - self.centre) ** 2 * self.slope_var)

    def crossing(self, tol: float) -> float:
        """Samples at which the line meets `tol`; infinite where it does not fall."""
        if self.slope >= 0:
            return np.inf
        log_n = self.centre + (np.log(tol) - self.level) / self.slope
        return float(np.exp(min(log_n, np.log(LARGEST_FORECAST))))

    def crossing_interval(
        self, tol: float, coverage: float = 0.9
    ) -> tuple[float, float]:
        """Samples between which the line meets `tol` with the given probability."""
        log_n = np.linspace(0, np.log(LARGEST_FORECAST), 20_001)
        away = log_n - self.centre
        std_err = self.log_std_err(np.exp(log_n))
        reach = stats.t.ppf((1 + coverage) / 2, self.dof) * std_err
        line = self.level + self.slope * away - np.log(tol)
        low, high = (
            np.exp(_first_below(log_n, line + side * reach)) for side in (-1, 1)
        )
        return low, high


def local_power_law(n: np.ndarray, values: np.ndarray, prior_slope: float) -> PowerLaw:
    """Bayesian straight line through logarithms, with a weak prior on its slope.

    Parameters
    ----------
    n : ndarray of shape (n_sizes,)
        Samples.
    values : ndarray of shape (n_sizes,)
        Positive values of the curve.
    prior_slope : float
        Mean of the normal prior of the slope; its standard deviation is 0.35.

    Returns
    -------
    PowerLaw

    Examples
    --------
    >>> import numpy as np
    >>> n = np.array([100, 200, 400, 800])
    >>> line = local_power_law(n, 1e4 / n**2, prior_slope=-2.0)
    >>> round(line.slope, 2), round(line.crossing(0.001))
    (-2.0, 3162)
    """
    x, y = np.log(n), np.log(values)
    x0, y0 = x - x.mean(), y - y.mean()
    squares = (x0**2).sum()
    least_squares = (x0 * y0).sum() / squares if squares > 0 else prior_slope
    residual = ((y0 - least_squares * x0) ** 2).sum()
    dof = len(x) - 2 + PRIOR_SCATTER_WEIGHT
    scatter = (residual + PRIOR_SCATTER_WEIGHT * PRIOR_SCATTER**2) / dof
    data, prior = squares / scatter, 1 / PRIOR_SLOPE_SD**2
    return PowerLaw(
        centre=float(x.mean()),
        level=float(y.mean()),
        slope=float((data * least_squares + prior * prior_slope) / (data + prior)),
        level_var=float(scatter / len(x)),
        slope_var=float(1 / (data + prior) + SLOPE_DRIFT_SD**2),
        dof=dof,
        data_slope=float(least_squares),
    )


def index_of_last_crossing(below: np.ndarray) -> int:
    """Index from which all entries are True; the length where the last one is not."""
    above = np.flatnonzero(~below)
    return int(above[-1]) + 1 if len(above) else 0


def _first_below(log_n, line):
    return log_n[min(index_of_last_crossing(line < 0), len(log_n) - 1)]
