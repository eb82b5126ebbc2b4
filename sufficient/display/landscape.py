"""`LandscapeDisplay`: the loss on a plane through the weights, for growing subsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_is_fitted

from sufficient.display.arrival import samples_in_order_of_arrival, transformed
from sufficient.display.style import COLORS, LABELS, axes_for
from sufficient.landscape.surfaces import mean_loss_surfaces
from sufficient.training.criteria import objective_of
from sufficient.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.contour import QuadContourSet

__all__ = ["LandscapeDisplay"]

N_LEVELS = 15
CROSS_COLORS = {"losses": "white", "increments": "black"}


@dataclass(kw_only=True, eq=False, repr=False)
class LandscapeDisplay:
    r"""Loss surfaces of nested training subsets, and what the next batch changes.

    A surface shows :math:`L_k(w + \theta_1 v_1 + \theta_2 v_2)`, the mean loss of the
    first k batches in the plane of the two leading eigenvectors of the Hessian. The
    weights w are those of the net at the size where the loop stopped. Use
    `from_estimator`, or pass numbers. All parameters are stored as attributes.

    Parameters
    ----------
    offsets : ndarray of shape (n_grid,)
        Displacements along either eigenvector, in units of the weights.
    losses : ndarray of shape (n_counts, n_grid, n_grid)
        :math:`L_k` at ``(theta_1, theta_2) = (offsets[i], offsets[j])``.
    increments : ndarray of shape (n_counts, n_grid, n_grid)
        :math:`L_{k+1} - L_k` at the same points.
    train_sizes : ndarray of shape (n_counts,)
        Sizes of the subsets in samples.

    Attributes
    ----------
    ax_ : matplotlib Axes
        First panel.
    axes_ : ndarray of Axes of shape (2, n_counts)
        Losses in the upper row, increments in the lower row.
    figure_ : matplotlib Figure
        The figure.
    contours_ : list of QuadContourSet
        Contours, in the order of the panels.

    See Also
    --------
    SampleSizeDisplay : The mean square of the increments, for all sizes.

    Examples
    --------
    >>> import numpy as np
    >>> from sufficient.display import LandscapeDisplay
    >>> offsets = np.linspace(-1, 1, 5)
    >>> bowl = offsets[:, None] ** 2 + 0.2 * offsets**2
    >>> display = LandscapeDisplay(
    ...     offsets=offsets, losses=np.stack([bowl, 0.9 * bowl]),
    ...     increments=np.stack([0.1 * bowl, 0.05 * bowl]),
    ...     train_sizes=np.array([128, 256]),
    ... )
    >>> display.plot().axes_.shape
    (2, 2)
    """

    offsets: np.ndarray
    losses: np.ndarray
    increments: np.ndarray
    train_sizes: np.ndarray

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        y: ArrayLike,
        *,
        sample_weight: ArrayLike = None,
        batch_counts: Sequence[int] | None = None,
        radius: float = 1.0,
        n_grid: int = 21,
        ax: ArrayLike = None,
    ) -> LandscapeDisplay:
        """Compute the surfaces for a fitted `SampleSizeEstimator`, and draw them.

        The next batch is the one that comes next in the order in which samples were
        added; at the end it is taken from the held-out samples. It is fresh only at the
        size where the loop stopped. At smaller sizes, the net has already been trained
        on it.

        Parameters
        ----------
        estimator : SampleSizeEstimator or Pipeline
            Fitted by `fit`, with at least two directions; a pipeline has to end in one.
        X : array-like of shape (n_samples, n_features) or (n_samples, channels, \
height, width)
            The samples given to `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Their labels or targets.
        sample_weight : array-like of shape (n_samples,), default=None
            The weights given to `fit`.
        batch_counts : sequence of int or None, default=None
            Sizes of the subsets in batches. None takes the first, the middle and the
            last of the measured sizes after which one more batch is left.
        radius : float, default=1.0
            Largest displacement, in units of the weights.
        n_grid : int, default=21
            Points along each direction; if odd, the weights themselves are among them.
        ax : array-like of Axes of shape (2, n_counts) or None, default=None
            None makes a figure.

        Returns
        -------
        LandscapeDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If it was fitted by `partial_fit` or with one direction, if X, y are not
            the data given to `fit`, or if a batch count is out of range.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        if hasattr(estimator, "steps"):
            X, estimator = transformed(estimator, X), estimator[-1]
        check_is_fitted(estimator)
        samples = samples_in_order_of_arrival(estimator, X, y, sample_weight)
        batch, n_train = estimator.batch_size_, len(estimator.train_indices_)
        counts = _checked_counts(estimator, batch_counts, len(samples))
        # The last batch may hold fewer samples than the others.
        sizes = np.minimum(counts * batch, n_train)
        offsets = np.linspace(-radius, radius, n_grid)
        ends = np.unique([sizes, sizes + batch])
        surfaces = mean_loss_surfaces(
            objective_of(estimator.estimator_),
            samples,
            estimator.curve_.eigenvectors[:, :2],
            offsets,
            ends,
        )
        before, after = (
            surfaces[np.searchsorted(ends, n)] for n in (sizes, sizes + batch)
        )
        display = cls(
            offsets=offsets,
            losses=before,
            increments=after - before,
            train_sizes=sizes,
        )
        return display.plot(ax)

    def plot(self, ax: ArrayLike = None) -> LandscapeDisplay:
        """Draw the numbers.

        Parameters
        ----------
        ax : array-like of Axes of shape (2, n_counts) or None, default=None
            None makes a figure.

        Returns
        -------
        LandscapeDisplay
            Itself.

        Raises
        ------
        ValueError
            If `ax` does not hold two axes for every subset.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        shape = (2, len(self.train_sizes))
        size = (2.6 * shape[1] + 1.4, 5.2)
        axes = axes_for(ax, shape, sharex=True, sharey=True, figsize=size)
        self.axes_ = axes.reshape(shape)
        self.ax_, self.figure_ = self.axes_[0, 0], self.axes_[0, 0].figure
        self.contours_ = [
            *self._draw_row(0, "losses"),
            *self._draw_row(1, "increments"),
        ]
        self._label()
        return self

    def _draw_row(self, row: int, name: str) -> list[QuadContourSet]:
        surfaces, drawn = getattr(self, name), []
        levels = _levels(surfaces, symmetric=name == "increments")
        for ax, surface in zip(self.axes_[row], surfaces, strict=True):
            # The first axis of an array is vertical for contourf.
            surface, style = np.transpose(surface), {"cmap": COLORS[name]}
            drawn.append(
                ax.contourf(self.offsets, self.offsets, surface, levels, **style)
            )
            ax.plot(0, 0, "+", color=CROSS_COLORS[name], ms=8)
            ax.set(aspect="equal", xticks=self._ticks(), yticks=self._ticks())
        self.figure_.colorbar(drawn[-1], ax=list(self.axes_[row]), label=LABELS[name])
        return drawn

    def _ticks(self) -> list[float]:
        return [self.offsets[0], 0, self.offsets[-1]]

    def _label(self) -> None:
        for ax, n in zip(self.axes_[0], self.train_sizes, strict=True):
            ax.set_title(f"{n:,} samples", fontsize="medium")
        for ax, increment in zip(self.axes_[1], self.increments, strict=True):
            size = np.sqrt(np.mean(np.square(increment)))
            ax.set_title(f"root mean square {size:.2g}", fontsize="small")
            ax.set_xlabel(r"$\theta_1$ (weights)")
        for ax in self.axes_[:, 0]:
            ax.set_ylabel(r"$\theta_2$ (weights)")


def _checked_counts(
    estimator: BaseEstimator, batch_counts: Sequence[int] | None, n_samples: int
) -> np.ndarray:
    n_train, size = len(estimator.train_indices_), estimator.batch_size_
    # One more batch has to be left, and a subset holds no held-out samples.
    enough_held_out = n_samples - n_train >= size
    most = -(-n_train // size) if enough_held_out else n_samples // size - 1
    if batch_counts is None:
        measured = estimator.batch_counts_[estimator.batch_counts_ <= most]
        middle = len(measured) // 2
        batch_counts = [*measured[:1], *measured[middle : middle + 1], *measured[-1:]]
    counts = np.unique(np.asarray(batch_counts, dtype=int))
    if not len(counts) or counts[0] < 1 or counts[-1] > most:
        raise ValueError(
            f"batch_counts must be between 1 and {most}, so that one more batch is "
            f"left in the data; got {list(batch_counts)}."
        )
    return counts


def _levels(surfaces: np.ndarray, *, symmetric: bool) -> Sequence[float]:
    from matplotlib import ticker

    low, high = np.min(surfaces), np.max(surfaces)
    if symmetric:
        low, high = -max(-low, high), max(-low, high)
    # A constant surface still needs two levels.
    high = max(high, low + 1e-6 * abs(low) + 1e-12)
    return ticker.MaxNLocator(N_LEVELS, symmetric=symmetric).tick_values(low, high)
