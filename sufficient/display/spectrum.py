"""`SpectrumDisplay`: leading eigenvalues of the Hessian, and their changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_is_fitted

from sufficient.display.style import (
    COLORS,
    LABELS,
    axes_for,
    frame_positive,
    legend,
    size_axis,
)
from sufficient.estimator import SampleSizeEstimator
from sufficient.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["SpectrumDisplay"]

# The brightest part of the colour map is hardly visible on white.
DARKEST_TO_BRIGHTEST = (0.0, 0.88)
LINEAR_SHARE = 1e-3


@dataclass(kw_only=True, eq=False, repr=False)
class SpectrumDisplay:
    r"""Leading eigenvalues along training-set sizes, and their change per batch.

    Use `from_estimator`, or pass numbers. All parameters are stored as attributes.

    Parameters
    ----------
    train_sizes : ndarray of shape (n_sizes,)
        Measured sizes in samples.
    eigenvalues : ndarray of shape (n_sizes, n_directions)
        Eigenvalues of the Hessian of the training loss, largest first, in units of the
        loss per squared weight.
    eigenvalue_shifts : ndarray of shape (n_sizes, n_directions)
        Mean change of each when one more batch is added at the same weights.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Panel of the eigenvalues.
    axes_ : ndarray of Axes
        Both panels.
    figure_ : matplotlib Figure
        The figure.
    lines_ : list of Line2D
        One for each eigenvalue, then one for each change, then the root mean square of
        the changes.

    See Also
    --------
    SampleSizeDisplay : The change of the loss, and the sample size.

    Examples
    --------
    >>> import numpy as np
    >>> from sufficient.display import SpectrumDisplay
    >>> n = np.array([256, 512, 1024])
    >>> eigenvalues = np.array([[9.0, 4.0], [8.0, 3.0], [7.5, 2.8]])
    >>> display = SpectrumDisplay(
    ...     train_sizes=n, eigenvalues=eigenvalues,
    ...     eigenvalue_shifts=eigenvalues / n[:, None],
    ... )
    >>> len(display.plot().lines_)
    5
    """

    train_sizes: np.ndarray
    eigenvalues: np.ndarray
    eigenvalue_shifts: np.ndarray

    @classmethod
    def from_estimator(
        cls, estimator: SampleSizeEstimator, *, ax: ArrayLike = None
    ) -> SpectrumDisplay:
        """Draw the eigenvalues measured by a fitted `SampleSizeEstimator`.

        Parameters
        ----------
        estimator : SampleSizeEstimator
            Fitted.
        ax : sequence of two Axes or None, default=None
            None makes a figure.

        Returns
        -------
        SpectrumDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_is_fitted(estimator)
        display = cls(
            train_sizes=estimator.train_sizes_,
            eigenvalues=estimator.eigenvalues_,
            eigenvalue_shifts=estimator.curve_.eigenvalue_shifts,
        )
        return display.plot(ax)

    def plot(self, ax: ArrayLike = None) -> SpectrumDisplay:
        """Draw the numbers.

        Parameters
        ----------
        ax : sequence of two Axes or None, default=None
            None makes a figure.

        Returns
        -------
        SpectrumDisplay
            Itself.

        Raises
        ------
        ValueError
            If `ax` does not hold two axes.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        self.axes_ = axes_for(ax, (1, 2), figsize=(9, 3.6))
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        shifts = np.asarray(self.eigenvalue_shifts)
        self.lines_ = [
            *self._draw(self.axes_[0], np.asarray(self.eigenvalues), "eigenvalues"),
            *self._draw(self.axes_[1], np.abs(shifts), "shifts"),
            *self._draw_mean(self.axes_[1], shifts),
        ]
        self._explain_colors()
        return self

    def _draw(self, ax: Axes, values: np.ndarray, name: str) -> list[Line2D]:
        ax.set_prop_cycle(color=self._colors())
        lines = ax.plot(self.train_sizes, values, "o-", ms=2.5, lw=1)
        _frame(ax, values)
        size_axis(ax, self.train_sizes[0], self.train_sizes[-1])
        ax.set(xlabel="training samples", ylabel=LABELS[name])
        return lines

    def _draw_mean(self, ax: Axes, shifts: np.ndarray) -> list[Line2D]:
        size = np.sqrt(np.mean(shifts**2, axis=1))
        lines = ax.plot(self.train_sizes, size, "k-", lw=2, label="root mean square")
        legend(ax, beside=False)
        return lines

    def _colors(self) -> np.ndarray:
        from matplotlib import colormaps

        n_directions = np.shape(self.eigenvalues)[1]
        positions = np.linspace(*DARKEST_TO_BRIGHTEST, n_directions)
        return colormaps[COLORS["eigenvalues"]](positions)

    def _explain_colors(self) -> None:
        from matplotlib import cm, colors

        palette = self._colors()
        edges = np.arange(len(palette) + 1) + 0.5
        norm = colors.BoundaryNorm(edges, len(palette))
        swatches = cm.ScalarMappable(norm, colors.ListedColormap(palette))
        bar = self.figure_.colorbar(swatches, ax=list(self.axes_), label="index i")
        bar.set_ticks(np.unique([1, len(palette)]))
        bar.minorticks_off()
        bar.ax.invert_yaxis()


def _frame(ax: Axes, values: np.ndarray) -> None:
    """Make the vertical axis logarithmic; symmetric-logarithmic with values <= 0."""
    if values.min() > 0:
        return frame_positive(ax, values.ravel())
    ax.axhline(0, color="black", lw=0.5)
    largest = np.abs(values).max() or 1.0
    decade = np.ceil(np.log10(LINEAR_SHARE * largest))
    ax.set_yscale("symlog", linthresh=10.0**decade)
