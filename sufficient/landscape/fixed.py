"""A net that is trained once and measured on growing subsets of the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sufficient.curvature.eigenpairs.follow import FollowedCurvature
from sufficient.curvature.objective import Objective
from sufficient.data.samples import Samples
from sufficient.landscape.measure import MeasureSettings

__all__ = ["FixedNet"]


class FixedNet:
    """Curvature and predictions of a fixed net, reused from one subset to the next.

    Parameters
    ----------
    pool : Samples
        All training samples, in the order in which they are added.
    """

    def __init__(self, pool: Samples) -> None:
        self.pool = pool
        self._curvature: FollowedCurvature | None = None
        self._predicted: np.ndarray | None = None

    def curvature(
        self, objective: Objective, settings: MeasureSettings, past: Sequence[int]
    ) -> FollowedCurvature:
        """Curvature of the subsets; created at the first call.

        `past` holds the sizes measured before an interruption.
        """
        if self._curvature is None:
            self._curvature = FollowedCurvature(
                objective,
                self.pool.X,
                self.pool.targets,
                n_directions=settings.n_directions,
                tol=settings.eigen_tol,
                past=past,
            )
        return self._curvature

    def predicted(self, predict: Callable[[Samples], np.ndarray]) -> np.ndarray:
        """Predictions for all samples of the pool; computed at the first call."""
        if self._predicted is None:
            self._predicted = predict(self.pool)
        return self._predicted
