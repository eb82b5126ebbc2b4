"""What is known of a net that is trained once and seen from growing subsets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from skorch import NeuralNet
from torch import Tensor

from sufficient.curvature.eigenpairs.follow import FollowedCurvature
from sufficient.data.samples import Samples
from sufficient.data.sources import in_parts
from sufficient.landscape.measure import MeasureSettings
from sufficient.ranks import by_shares
from sufficient.training.net import objective_of

__all__ = ["FixedNet"]


class FixedNet:
    """Curvature and predictions that one subset hands on to the next.

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
        self, net: NeuralNet, settings: MeasureSettings, past: Sequence[int]
    ) -> FollowedCurvature:
        """Curvature of the subsets, continued where `past` ones are not known yet."""
        if self._curvature is None:
            self._curvature = FollowedCurvature(
                objective_of(net),
                self.pool.X,
                self.pool.y,
                n_directions=settings.n_directions,
                tol=settings.eigen_tol,
                past=past,
            )
        return self._curvature

    def predicted(self, predict: Callable[[Tensor], np.ndarray]) -> np.ndarray:
        """Predictions for all samples of the pool."""
        if self._predicted is None:
            self._predicted = by_shares(partial(in_parts, predict), self.pool.X)
        return self._predicted
