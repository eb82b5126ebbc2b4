r"""When the curve stays below the tolerance, and where it would.

In the last eight measured sizes Delta follows a local power law, a straight line in
logarithms,

.. math:: \log \Delta(n) = \alpha + \beta \log n + \varepsilon .

A weak prior on the exponent :math:`\beta` steadies the line where few sizes or noisy
ones speak. The line is the smoother (its value at the last size), the stopping rule (it
stays below the tolerance) and the forecast (where it crosses the tolerance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from sufficient.results import SampleSizeForecast

__all__ = [
    "LARGEST_FORECAST",
    "LEAST_SIZES",
    "PowerLaw",
    "forecast_sample_size",
    "local_power_law",
]

LEAST_SIZES = 4
# A net that only begins to learn is flat: at least one doubling has to be seen.
LEAST_GROWTH = 2
FLAT = 1e-6
WINDOW = 8
# Exponents seen on Fashion-MNIST with an MLP over eight seeds: -2.6 for the
# second-order model, -2.1 for the real loss. Scatter around a seed's own curve: 0.17 in
# logarithms. Formula (2) is of the order of squared shifts of the eigenvalues, which
# halves the exponent.
PRIOR_SLOPE = {
    "projected": -2.6,
    "eigenvalue": -2.6,
    "monte_carlo": -2.1,
    "relative_shift": -1.3,
}
PRIOR_SLOPE_SD = 0.35
SLOPE_DRIFT_SD = 0.2
PRIOR_SCATTER = 0.17
PRIOR_SCATTER_WEIGHT = 4
LARGEST_FORECAST = 10**12
SMALLEST_VALUE = 1e-30


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

    def crossing_interval(self, tol: float, coverage: float = 0.9):
        """Samples between which the line meets `tol` with the given probability."""
        log_n = np.linspace(0, np.log(LARGEST_FORECAST), 20_001)
        away = log_n - self.centre
        std_err = self.log_std_err(np.exp(log_n))
        reach = stats.t.ppf((1 + coverage) / 2, self.dof) * std_err
        line = self.level + self.slope * away - np.log(tol)
        return tuple(
            np.exp(_first_below(log_n, line + side * reach)) for side in (-1, 1)
        )


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


def forecast_sample_size(
    n: np.ndarray,
    values: np.ndarray,
    *,
    tol: float,
    patience: int,
    bound: str = "projected",
) -> SampleSizeForecast:
    """Decide whether the curve has come below `tol` for good, and from which size.

    Parameters
    ----------
    n : ndarray of shape (n_sizes,)
        Measured sizes in samples. Fewer than four, or less than a doubling, never
        suffice to say that the curve has settled.
    values : ndarray of shape (n_sizes,)
        The curve that the decision reads.
    tol : float
        Tolerance in the unit of `values`.
    patience : int
        Sizes in succession at which the smoothed curve must be below `tol`.
    bound : {"projected", "eigenvalue", "monte_carlo", "relative_shift"}, \
default="projected"
        Which quantity it is; selects the prior exponent.

    Returns
    -------
    SampleSizeForecast
    """
    n = np.asarray(n, dtype=float)
    values = np.maximum(values, SMALLEST_VALUE)
    lines = [
        _line_ending_at(n, values, max(j, LEAST_SIZES - 1), PRIOR_SLOPE[bound])
        for j in range(len(n))
    ]
    ends = list(zip(lines, n, strict=True))
    smoothed = np.array([line(size) for line, size in ends])
    std_err = smoothed * np.array([line.log_std_err(size) for line, size in ends])
    falling = np.array([line.slope < 0 and line.data_slope < FLAT for line in lines])
    settled_from = _settled_from((smoothed < tol) & falling)
    enough = len(n) >= LEAST_SIZES and n[-1] >= LEAST_GROWTH * n[0]
    converged = enough and len(n) - settled_from >= patience
    last = lines[min(settled_from + patience, len(n)) - 1] if converged else lines[-1]
    n_star = last.crossing(tol)
    low, high = last.crossing_interval(tol)
    if converged:
        n_star = np.clip(n_star, n[max(settled_from - 1, 0)], n[settled_from])
    else:
        n_star, low = max(n_star, n[-1] + 1), max(low, n[-1] + 1)
    return SampleSizeForecast(
        converged=bool(converged),
        n_samples=_whole(n_star),
        interval=(_whole(min(low, n_star)), _whole(max(high, n_star))),
        rate=float(last.slope),
        smoothed=smoothed,
        smoothed_std_err=std_err,
    )


def _line_ending_at(n, values, last, prior_slope):
    window = slice(max(0, last + 1 - WINDOW), last + 1)
    return local_power_law(n[window], values[window], prior_slope)


def _settled_from(below):
    """Index from which all entries are True; the length where the last one is not."""
    above = np.flatnonzero(~below)
    return int(above[-1]) + 1 if len(above) else 0


def _first_below(log_n, line):
    return log_n[min(_settled_from(line < 0), len(log_n) - 1)]


def _whole(n):
    return int(min(np.ceil(n), LARGEST_FORECAST))
