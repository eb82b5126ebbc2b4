"""Repeat a fit with several seeds, and summarise the answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from sufficient.decision.score_forecast import ScoreForecast
from sufficient.estimator import SampleSizeEstimator
from sufficient.forecasting import ForecastMixin
from sufficient.many_fits.joint_forecast import SeedScores, joint_forecast
from sufficient.many_fits.page import RepeatsReportMixin
from sufficient.many_fits.rows import as_estimator, fit_as_row, last_step
from sufficient.many_fits.side_by_side import side_by_side
from sufficient.report.numbers import gain, interval, percent
from sufficient.report.summary import score_name
from sufficient.typing import ArrayLike, Net, RandomState

__all__ = ["RepeatedSampleSize", "repeat_sample_size"]

COVERAGE = 0.9
CONSTRAINTS = {
    "n_repeats": [Interval(Integral, 2, None, closed="left")],
    "n_jobs": [Integral, None],
    "random_state": ["random_state"],
}


@dataclass(frozen=True, eq=False)
class RepeatedSampleSize(ForecastMixin, RepeatsReportMixin):
    """Answers for several seeds, and their spread.

    Mean, median, spread and interval are those of `n_samples_needed`. Where a repeat
    did not reach k*, its value is a forecast, or NaN far beyond the data. Then mean and
    spread are NaN, too; the median takes it for larger than all others. `converged` is
    the share of repeats that reached k*.

    Attributes
    ----------
    runs : DataFrame
        One row for each repeat: `random_state` (with which `SampleSizeEstimator` gives
        the same answer again), `tol`, `k_star` (NaN where not reached),
        `n_samples_needed` (NaN where not known), `converged`, `train_loss`,
        `expected_gain`, `probability_sufficient`, `verdict`, `score` (on held-out data)
        and `seconds`.
    scores : DataFrame
        One row for each seed and measured size: `random_state`, `n`, `score` on
        held-out data, its `std_err`, and `train_score`.
    score_forecast : ScoreForecast or None
        Of the scores of all seeds together, whose scatter it knows. None where a seed
        has no forecast.
    score_name : str
        What the score is called.

    Examples
    --------
    >>> import pandas as pd
    >>> from sufficient import RepeatedSampleSize
    >>> runs = pd.DataFrame({"n_samples_needed": [90, 100, 125], "k_star": [2, 2, 3]})
    >>> found = RepeatedSampleSize(runs)
    >>> found.mean, found.median
    (105.0, 100.0)
    """

    runs: pd.DataFrame
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    score_forecast: ScoreForecast | None = None
    score_name: str = "score"

    @property
    def n_samples_needed(self) -> np.ndarray:
        """Number of training samples needed, for every repeat."""
        return self.runs["n_samples_needed"].to_numpy()

    @property
    def k_star(self) -> np.ndarray:
        """Batches from which the landscape is stable; NaN if not reached."""
        return self.runs["k_star"].to_numpy(dtype=float)

    @property
    def k_star_mean(self) -> float:
        """Mean of `k_star`; NaN unless every repeat reached it."""
        return float(self.k_star.mean())

    @property
    def mean(self) -> float:
        """Mean of `n_samples_needed`."""
        return float(self.n_samples_needed.mean())

    @property
    def median(self) -> float:
        """Median of `n_samples_needed`; NaN unless most are known."""
        needed = self.n_samples_needed
        median = float(np.median(np.where(np.isnan(needed), np.inf, needed)))
        return median if np.isfinite(median) else np.nan

    @property
    def std(self) -> float:
        """Standard deviation of `n_samples_needed` (n - 1 in the divisor)."""
        return float(self.n_samples_needed.std(ddof=1))

    @property
    def cv(self) -> float:
        """Coefficient of variation of `n_samples_needed`: `std` divided by `mean`."""
        return self.std / self.mean

    @property
    def interval(self) -> tuple[float, float]:
        """90 % confidence interval of `mean`, by Student's t distribution."""
        n = len(self.runs)
        reach = stats.t.ppf((1 + COVERAGE) / 2, n - 1) * self.std / np.sqrt(n)
        return self.mean - reach, self.mean + reach

    @property
    def converged(self) -> float:
        """Share of the repeats whose landscape became stable within the data."""
        return float(self.runs["converged"].mean())

    @property
    def verdicts(self) -> dict[str, int]:
        """Number of repeats with each verdict, the most frequent first."""
        return self.runs["verdict"].value_counts().to_dict()

    def summary(self) -> str:
        """The answer and its spread in three sentences.

        Returns
        -------
        str
        """
        verdicts = ", ".join(f"{name} ({n})" for name, n in self.verdicts.items())
        probability = self.runs["probability_sufficient"].mean()
        enough = percent(probability)
        return (
            f"Verdicts of {len(self.runs)} seeds: {verdicts}. Mean probability that "
            f"the data suffice: {enough}.{self._gain()}\n{self._landscape()}"
        )

    def _gain(self) -> str:
        if self.score_forecast is None:
            return ""
        expected, (low, high) = self.score_forecast.gain()
        return (
            f" All seeds together say that twice the data should add {gain(expected)} "
            f"to the score (90 % interval {interval(low, high)})."
        )

    def _landscape(self) -> str:
        unknown, low_high = int(np.isnan(self.n_samples_needed).sum()), self.interval
        if not unknown:
            low, high = low_high
            return (
                f"For a stable landscape {self.mean:,.0f} samples are needed on "
                f"average (90 % interval of the mean {low:,.0f} to {high:,.0f}; median "
                f"{self.median:,.0f}; standard deviation {self.std:,.0f}, "
                f"{percent(self.cv)})."
            )
        known = np.isfinite(self.median)
        median = f"about {self.median:,.0f} samples" if known else "far more than these"
        return (
            f"For a stable landscape {median} are needed (median; {unknown} of "
            f"{len(self.runs)} seeds do not tell how many)."
        )


@validate_params(CONSTRAINTS, prefer_skip_nested_validation=False)
def repeat_sample_size(
    estimator: Net | SampleSizeEstimator | Pipeline,
    X: ArrayLike,
    y: ArrayLike,
    *,
    n_repeats: int = 5,
    n_jobs: int | None = None,
    random_state: RandomState = None,
    **parameters: Any,
) -> RepeatedSampleSize:
    """Estimate the sample size with several seeds, and average the answers.

    The answer of one fit depends on the order of the samples, the split and the
    initialisation of the net. All three differ between repeats, but the data are the
    same. So the spread does not include that of drawing other data.

    This is a function and no parameter of `SampleSizeEstimator`, like
    `sklearn.model_selection.cross_validate`: an estimator has one net to predict with
    and one curve to show, and an average over several fits has neither.

    Parameters
    ----------
    estimator : skorch net, "mlp", "cnn", None, SampleSizeEstimator or Pipeline
        Anything that `SampleSizeEstimator` takes as its `estimator`, or a
        `SampleSizeEstimator`, or a pipeline that ends in one. Cloned, never modified.
    X : array-like of shape (n_samples, ...)
        Samples.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Labels or targets.
    n_repeats : int, default=5
        Number of seeds, at least two.
    n_jobs : int or None, default=None
        Number of repeats at a time, each in its own process; -1 uses all cores. The
        answer does not depend on it, because every repeat computes on one thread.
    random_state : int, RandomState instance or None, default=None
        Source of the seeds; it replaces the `random_state` of a given estimator. With
        the same integer, a larger `n_repeats` adds seeds to the same first ones.
    **parameters
        Parameters of `SampleSizeEstimator`. With `checkpoint`, every repeat has its own
        subfolder.

    Returns
    -------
    RepeatedSampleSize

    Raises
    ------
    ValueError, RuntimeError
        If a repeat fails: ValueError for invalid data or parameters, RuntimeError for
        any other reason. The message names the seed.

    See Also
    --------
    SampleSizeEstimator : One of the repeats.
    compare_architectures : Several nets instead of several seeds.

    Examples
    --------
    >>> from sufficient import repeat_sample_size
    >>> from sufficient.datasets import load_digits_images
    >>> X, y = load_digits_images(n_samples=400)
    >>> found = repeat_sample_size(
    ...     "mlp", X, y, n_repeats=2, schedule=[2, 3], random_state=0
    ... )
    >>> found.runs["random_state"].tolist()
    [209652396, 398764591]
    >>> found.verdicts
    {'cannot tell yet': 1, 'more data helps': 1}
    """
    seeds = check_random_state(random_state).randint(2**31 - 1, size=n_repeats)
    fits = [(estimator, parameters, int(seed), X, y) for seed in seeds]
    found = side_by_side(_repeat, fits, n_jobs)
    rows, names, curves = zip(*found, strict=True)
    scores = pd.concat([one.table for one in curves], ignore_index=True)
    forecast = joint_forecast(curves)
    return RepeatedSampleSize(pd.DataFrame(rows), scores, forecast, names[0])


def _repeat(
    estimator: Net | SampleSizeEstimator | Pipeline,
    parameters: dict[str, Any],
    seed: int,
    X: ArrayLike,
    y: ArrayLike,
) -> tuple[dict[str, Any], str, SeedScores]:
    repeat = _with_seed(estimator, parameters, seed)
    try:
        row = fit_as_row(repeat, X, y)
    except Exception as error:
        kind = ValueError if isinstance(error, ValueError) else RuntimeError
        name = type(error).__name__
        raise kind(
            f"The repeat with random_state={seed} failed with {name}: {error}"
        ) from error
    fitted = last_step(repeat)
    row = {"random_state": seed, **row}
    return row, score_name(fitted.curve_), SeedScores.of(fitted)


def _with_seed(
    estimator: Net | SampleSizeEstimator | Pipeline,
    parameters: dict[str, Any],
    seed: int,
) -> SampleSizeEstimator | Pipeline:
    repeat = as_estimator(estimator, {})
    last = last_step(repeat).set_params(**parameters, random_state=seed)
    if last.checkpoint is not None:
        last.set_params(checkpoint=Path(last.checkpoint) / f"seed-{seed}")
    return repeat
