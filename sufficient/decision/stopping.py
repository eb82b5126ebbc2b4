"""When the curve stays below the tolerance, and where it would.

In the last eight measured sizes the curve follows a local power law. The line smooths
it (by its value at the last size), decides when to stop (it stays below the tolerance)
and forecasts (where it crosses the tolerance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sufficient.data.task import Task
from sufficient.decision.measured_scores import forecast_of
from sufficient.decision.power_law import index_of_last_crossing, local_power_law
from sufficient.decision.verdict import SUFFICIENT, verdict_of
from sufficient.results import UNKNOWN_GAIN, Record, SampleSizeForecast
from sufficient.settings import BOUNDS, Settings

__all__ = [
    "LEAST_SIZES",
    "StoppingRule",
    "forecast_sample_size",
    "landscape_forecast",
]

LEAST_SIZES = 4
# A net that has hardly learnt is flat: at least one doubling has to be seen.
LEAST_GROWTH = 2
FLAT = 1e-6
# The line is drawn through the sizes within this factor, and five at least.
WINDOW, LEAST_IN_WINDOW = 2.4, 5
# Beyond this many times the data, a line through them says nothing.
FARTHEST = 16
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
SMALLEST_VALUE = 1e-30


@dataclass(frozen=True)
class StoppingRule:
    """When the training set need not grow any more.

    Attributes
    ----------
    settings : Settings
        `stop` says what has to be enough: the landscape, or landscape and score.
    task : Task
        What the score is of.
    is_one_net : bool
        Whether all sizes are seen by one net, for which more data changes nothing.
    """

    settings: Settings
    task: Task
    is_one_net: bool = False

    def says_enough(self, record: Record) -> bool:
        """Whether more batches are unnecessary."""
        if self.is_one_net or self.settings.stop == "never":
            return False
        if not landscape_forecast(record, self.settings).converged:
            return False
        return self.settings.stop == "landscape" or self._score_is_enough(record)

    def _score_is_enough(self, record):
        forecast = forecast_of(record, self.settings.scoring, self.task)
        verdict = verdict_of(
            forecast,
            UNKNOWN_GAIN,
            min_gain=self.settings.min_gain,
            above_chance=record.last.columns["above_chance"],
        )
        return verdict == SUFFICIENT


def landscape_forecast(record: Record, settings: Settings) -> SampleSizeForecast:
    """Where the curve that decides stays below the tolerance."""
    return forecast_sample_size(
        record.column("train_size"),
        record.column(BOUNDS[settings.bound]),
        tol=settings.tol,
        patience=settings.patience,
        bound=settings.bound,
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
    below = smoothed < tol
    holds = _holds(below & falling, below & (values < tol), patience)
    settled_from = index_of_last_crossing(holds)
    enough = len(n) >= LEAST_SIZES and n[-1] >= LEAST_GROWTH * n[0]
    converged = enough and len(n) - settled_from >= patience
    last = lines[min(settled_from + patience, len(n)) - 1] if converged else lines[-1]
    n_star = last.crossing(tol)
    low, high = last.crossing_interval(tol)
    if converged:
        n_star = np.clip(n_star, n[max(settled_from - 1, 0)], n[settled_from])
    else:
        # Where the last size is below `tol`, the crossing may lie before it.
        low = low if smoothed[-1] < tol else max(low, n[-1] + 1)
        n_star = max(n_star, n[-1] + 1)
    low, high = min(low, n_star), max(high, n_star)
    farthest = FARTHEST * n[-1]
    return SampleSizeForecast(
        converged=bool(converged),
        n_samples=_whole(n_star, farthest),
        interval=(int(np.ceil(min(low, farthest))), _whole(high, farthest)),
        crossing=float(n_star),
        is_at_most=bool(converged and settled_from == 0),
        rate=float(last.slope),
        smoothed=smoothed,
        smoothed_std_err=std_err,
    )


def _holds(settles, stays, patience):
    """Where the curve settles, or stays settled after it was for `patience` sizes.

    A net that only begins to learn has a low curve, too, but one that does not fall. So
    a curve has to fall to settle; later it may be flat.
    """
    runs = np.convolve(settles, np.ones(patience, int))[: len(settles)] == patience
    first = int(runs.argmax()) if runs.any() else len(settles)
    return settles | (stays & (np.arange(len(settles)) > first))


def _line_ending_at(n, values, last, prior_slope):
    near = np.searchsorted(n, n[min(last, len(n) - 1)] / WINDOW)
    window = slice(max(0, min(near, last + 1 - LEAST_IN_WINDOW)), last + 1)
    return local_power_law(n[window], values[window], prior_slope)


def _whole(n, farthest):
    return int(np.ceil(n)) if n <= farthest else None
