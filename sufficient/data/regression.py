"""Numbers as targets: standardised, and scored by R^2."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.metrics import r2_score

from sufficient.data.bins import quantile_edges
from sufficient.data.targets import check_varied
from sufficient.data.task import Task, Weights, no_features

__all__ = ["Regression"]


@dataclass(frozen=True)
class Regression(Task):
    """Numeric targets; the score is R^2.

    Targets are standardised, so that the tolerance has no unit. A criterion that
    depends on more than the difference of output and target, such as a Poisson
    likelihood, needs them unchanged: `mean` is then 0 and `scale` is 1.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_targets,)
        The mean is subtracted from the targets, which are then divided by the scale.
    flat : bool
        Whether y was one-dimensional.
    edges : ndarray of shape (n_bins - 1,)
        Inner edges of bins of the target, in its unit; none for several targets.
    """

    counted = "targets"
    is_regression = True
    mean: np.ndarray
    scale: np.ndarray
    flat: bool
    edges: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @classmethod
    def of(cls, y: np.ndarray, standardise: bool = True) -> Regression:
        """The task that the targets y describe."""
        columns = y.reshape(len(y), -1)
        check_varied(y)
        mean, scale = np.zeros(columns.shape[1]), np.ones(columns.shape[1])
        if standardise:
            mean, spread = columns.mean(axis=0), columns.std(axis=0)
            scale = np.where(spread > 0, spread, 1.0)
        return cls(mean, scale, y.ndim == 1, quantile_edges(columns))

    @property
    def n_outputs(self) -> int:
        """Number of targets."""
        return len(self.mean)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Standardised targets of shape (n, n_targets), float32."""
        return ((y.reshape(len(y), -1) - self.mean) / self.scale).astype(np.float32)

    def decode(self, predictions: np.ndarray) -> np.ndarray:
        """Predictions in the unit of y."""
        values = predictions.reshape(len(predictions), -1) * self.scale + self.mean
        return values[:, 0] if self.flat else values

    def score(
        self, targets: np.ndarray, predictions: np.ndarray, weights: Weights = None
    ) -> float:
        """Coefficient of determination; 0 for a single sample."""
        if len(targets) < 2:
            return 0.0
        # In float64, because the squares may overflow float32.
        predictions = predictions.reshape(targets.shape).astype(np.float64)
        targets = targets.astype(np.float64)
        return float(r2_score(targets, predictions, sample_weight=weights))

    def contributions(
        self, targets: np.ndarray, predictions: np.ndarray, weights: Weights = None
    ) -> np.ndarray:
        r"""The score plus the influence of each sample on it.

        .. math:: R^2 - \frac{e_i^2 - (1 - R^2) (y_i - \bar y)^2}{s_y^2}

        averaged over the targets, with :math:`e_i` the error of the prediction. Their
        spread holds for errors of any distribution. With weights, all means count
        them, and so does what a sample adds.
        """
        mean = partial(np.average, axis=0, weights=weights)
        targets = targets.reshape(len(targets), -1).astype(np.float64)
        errors = (predictions.reshape(targets.shape) - targets) ** 2
        spread = (targets - mean(targets)) ** 2
        scale = np.maximum(mean(spread), np.finfo(np.float32).tiny)
        unexplained = mean(errors) / scale
        influence = (errors - unexplained * spread) / scale
        if weights is not None:
            influence *= (weights / weights.mean())[:, None]
        return (1 - unexplained - influence).mean(axis=1)

    def constant_predictions(
        self, targets: np.ndarray, n: int, weights: Weights = None
    ) -> np.ndarray:
        """The mean of the targets seen."""
        return np.tile(np.average(targets, axis=0, weights=weights), (n, 1))

    def constant_answer(self, y: np.ndarray, weights: Weights = None) -> DummyRegressor:
        """Predicts the mean of y."""
        return DummyRegressor().fit(no_features(y), y, weights)

    def fitted_attributes(self) -> dict[str, np.ndarray]:
        """Edges of the bins of one target, open at both ends, as `bin_edges_`."""
        if not len(self.edges):
            return {}
        return {"bin_edges_": np.concatenate([[-np.inf], self.edges, [np.inf]])}
