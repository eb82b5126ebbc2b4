"""Records that one stage hands to the next, with the shapes of their arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import nan
from typing import Any, NamedTuple

import numpy as np
import torch
from skorch import NeuralNet

from sufficient.forecasting import ForecastMixin, LabelNextMixin

__all__ = [
    "UNKNOWN_GAIN",
    "DeltaEstimate",
    "EigenResult",
    "Gain",
    "Measurement",
    "Record",
    "SampleSizeCurve",
    "SampleSizeForecast",
]


@dataclass(frozen=True)
class EigenResult:
    """Algebraically largest eigenpairs of a symmetric operator.

    Attributes
    ----------
    eigenvalues : ndarray of shape (n_directions,), float64
        Largest first; negative ones are kept as they are.
    eigenvectors : Tensor of shape (n_parameters, n_directions)
        Orthonormal columns, on the device and in the dtype of the operator.
    residuals : ndarray of shape (n_directions,), float64
        ``||H v_i - lambda_i v_i||`` for each pair.
    n_products : int
        Number of matrix-vector products.
    converged : bool
        Whether residuals and gaps certify that every eigenvalue meets the tolerance.
    """

    eigenvalues: np.ndarray
    eigenvectors: torch.Tensor
    residuals: np.ndarray
    n_products: int
    converged: bool


@dataclass(frozen=True)
class DeltaEstimate:
    """An estimate of the expected squared change of the loss, in squared loss units."""

    value: float
    std_err: float


@dataclass(frozen=True)
class Measurement:
    """Everything measured at one size of the training set.

    Attributes
    ----------
    columns : dict of str to float
        One number for each name; the names are the same at every size.
    eigenvalues : ndarray of shape (n_directions,)
        Leading eigenvalues of the Hessian of the training loss at this size.
    eigenvalue_shifts : ndarray of shape (n_directions,)
        Mean change of each eigenvalue when one more batch is added at the same weights.
    eigenvectors : Tensor of shape (n_parameters, n_directions) or None
        On the CPU; kept for the last size only.
    contributions : Tensor of shape (n_contributions,)
        What each held-out sample, or group of them, adds to the validation score.
    class_scores, class_held_out, class_train_sizes : ndarray of shape (n_classes,)
        Of each class, label or bin of a target: score, held-out and training samples;
        NaN where none is held out. Empty for several numeric targets.
    class_std_err : ndarray of shape (n_bins,)
        Standard errors of scores that are no shares: empty for classes and labels.
    predictions : Tensor of shape (n_held_out, ...) or None
        Of unlabelled samples, or else held-out ones, in order; of the last size only.
    """

    columns: dict[str, float]
    eigenvalues: np.ndarray
    eigenvalue_shifts: np.ndarray
    eigenvectors: torch.Tensor | None
    contributions: torch.Tensor = field(default_factory=lambda: torch.zeros(0))
    class_scores: np.ndarray = field(default_factory=lambda: np.zeros(0))
    class_std_err: np.ndarray = field(default_factory=lambda: np.zeros(0))
    class_held_out: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    class_train_sizes: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    predictions: torch.Tensor | None = None


@dataclass(frozen=True)
class Record:
    """The measurements at all sizes so far, in order.

    Attributes
    ----------
    measurements : tuple of Measurement
        One for each size; only the last has eigenvectors and predictions.
    """

    measurements: tuple[Measurement, ...] = ()

    def __len__(self) -> int:
        return len(self.measurements)

    def with_one_more(self, measurement: Measurement) -> Record:
        """The record with the next size."""
        # Ten eigenvectors take ten times the memory of the net; only the last are used.
        earlier = (
            replace(one, eigenvectors=None, predictions=None)
            for one in self.measurements
        )
        return Record((*earlier, measurement))

    def with_last(self, measurement: Measurement) -> Record:
        """The record with another last size."""
        return Record((*self.measurements[:-1], measurement))

    def column(self, name: str) -> np.ndarray:
        """One quantity at every size, shape (n_sizes,)."""
        return np.array([one.columns[name] for one in self.measurements])

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """Every quantity at every size."""
        names = self.measurements[0].columns if self.measurements else {}
        return {name: self.column(name) for name in names}

    @property
    def last(self) -> Measurement:
        """The measurement at the last size."""
        return self.measurements[-1]

    @property
    def eigenvectors(self) -> torch.Tensor:
        """Eigenvectors at the last size; those at earlier sizes are not kept."""
        kept = self.last.eigenvectors
        if kept is None:
            raise ValueError("The last measurement has no eigenvectors.")
        return kept

    @property
    def last_count(self) -> int:
        """Number of batches at the last size; 0 before the first measurement."""
        return int(self.last.columns["batch_count"]) if self.measurements else 0


@dataclass(frozen=True)
class SampleSizeForecast:
    """The size from which the curve stays below the tolerance.

    Attributes
    ----------
    converged : bool
        Whether the smoothed curve stayed below the tolerance within the data.
    n_samples : int or None
        Samples from which it does: read off the curve, or forecast beyond it. None
        where the curve does not fall, or meets the tolerance beyond 16 times the data.
    interval : tuple of (int, int or None)
        90 % interval of `n_samples`; None is no upper limit.
    crossing : float
        Where the fitted line meets the tolerance, however far away; may be infinite.
    is_at_most : bool
        Whether it stayed below from the first measured size on, so that fewer samples
        than `n_samples` may do.
    rate : float
        Exponent of the fitted local power law (``-2`` in theory).
    smoothed : ndarray of shape (n_sizes,)
        The smoothed curve, on which the decision is based.
    smoothed_std_err : ndarray of shape (n_sizes,)
        Its standard error, from the scatter along the sizes, most of it by training.
    """

    converged: bool
    n_samples: int | None
    interval: tuple[int, int | None]
    crossing: float
    is_at_most: bool
    rate: float
    smoothed: np.ndarray
    smoothed_std_err: np.ndarray


class Gain(NamedTuple):
    """What a change would add to the validation score.

    Attributes
    ----------
    expected : float
        In score points; NaN where it is not known.
    interval : tuple of (float, float)
        90 % interval.
    """

    expected: float
    interval: tuple[float, float]


UNKNOWN_GAIN = Gain(nan, (nan, nan))


@dataclass(frozen=True)
class SampleSizeCurve(ForecastMixin, LabelNextMixin):
    """The answer of `sample_size_curve`, complete or up to the last measured size.

    Attributes
    ----------
    record : Record
        What was measured.
    columns : dict of str to ndarray of shape (n_sizes,)
        Every quantity at every measured size, ready for a data frame.
    eigenvalues, eigenvalue_shifts : ndarray of shape (n_sizes, n_directions)
        Leading eigenvalues at every size, and their mean change when one more batch
        is added at the same weights.
    eigenvectors : Tensor of shape (n_parameters, n_directions)
        Leading eigenvectors at the last measured size, on the CPU.
    forecast : SampleSizeForecast
        From where on the loss landscape is stable.
    score_forecast : ScoreForecast or None
        Of the validation score on more data; None where there is none.
    loss_forecast : ScoreForecast or None
        Of the negative validation loss, with logits that are not too sure.
    by_class : ClassScores or None
        Of each class, label or bin of the target; None for several numeric targets.
    gain_from_training : Gain
        What twice the training steps add to the score at the last size.
    gain_from_width : Gain
        What a net twice as wide adds, where that was asked for.
    limited_by : str
        What holds the score back.
    verdict : str
        The joint answer about landscape and score.
    net : skorch.NeuralNet
        As trained at the last size.
    task : Task
        How targets are encoded and predictions are scored.
    settings : Settings
        How it was measured and decided.
    batch_size : int
        Samples in one batch.
    n_train : int
        Samples there are to train on.
    """

    record: Record
    columns: dict[str, np.ndarray]
    eigenvalues: np.ndarray
    eigenvalue_shifts: np.ndarray
    eigenvectors: torch.Tensor
    forecast: SampleSizeForecast
    score_forecast: Any  # of a stage that needs this module
    loss_forecast: Any
    by_class: Any
    gain_from_training: Gain
    gain_from_width: Gain
    limited_by: str
    verdict: str
    net: NeuralNet
    task: Any  # a `Task`, which is defined in a later stage
    settings: Any
    batch_size: int
    n_train: int

    @property
    def gain_from_data(self) -> Gain:
        """What doubling the data should add to the score; NaN where not known."""
        if self.score_forecast is None:
            return UNKNOWN_GAIN
        return Gain(*self.score_forecast.gain(2))

    @property
    def k_star(self) -> int | None:
        """Batches from which the landscape is stable; None where not reached."""
        if not self.forecast.converged or self.forecast.n_samples is None:
            return None
        return -(-self.forecast.n_samples // self.batch_size)

    @property
    def n_samples_star(self) -> int | None:
        """`k_star` in samples; None if not reached."""
        return None if self.k_star is None else self.k_star * self.batch_size

    @property
    def n_samples_needed(self) -> int | None:
        """`n_samples_star`, or a forecast of it where it was not reached."""
        return self.n_samples_star or self.forecast.n_samples

    @property
    def n_samples_needed_interval(self) -> tuple[int, int | None]:
        """90 % interval of `n_samples_needed`, rounded to hold it."""
        (low, high), needed = self.forecast.interval, self.n_samples_needed
        if needed is None:
            return low, high
        return min(low, needed), None if high is None else max(high, needed)
