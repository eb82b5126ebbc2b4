"""`SpectrumDisplay`: leading eigenvalues of the Hessian, and their changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sufficient.display.fitted import curve_of
from sufficient.display.legends import add_legends
from sufficient.display.style import (
    COLORS,
    LABELS,
    axes_for,
    frame_positive,
    ink,
    is_dark,
    size_axis,
)
from sufficient.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["SpectrumDisplay"]

# Part of the colour map: its ends are hardly visible on white, and on black.
VISIBLE_ON_WHITE, VISIBLE_ON_DARK = (0.0, 0.88), (0.25, 1.0)
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
        cls, estimator: Any, *, ax: ArrayLike = None, legend: bool | str = True
    ) -> SpectrumDisplay:
        """Draw the eigenvalues that a fit has measured.

        Parameters
        ----------
        estimator : SampleSizeEstimator, Pipeline or SampleSizeCurve
            Fitted; a pipeline has to end in a `SampleSizeEstimator`.
        ax, legend
            As in `plot`.

        Returns
        -------
        SpectrumDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is something else.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        curve = curve_of(estimator)
        display = cls(
            train_sizes=curve.columns["train_size"].astype(int),
            eigenvalues=curve.eigenvalues,
            eigenvalue_shifts=curve.eigenvalue_shifts,
        )
        return display.plot(ax, legend=legend)

    def plot(
        self, ax: ArrayLike = None, *, legend: bool | str = True
    ) -> SpectrumDisplay:
        """Draw the numbers.

        Parameters
        ----------
        ax : sequence of two Axes or None, default=None
            None makes a figure.
        legend : bool or str, default=True
            As in `SampleSizeDisplay.plot`.

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
        add_legends(self.axes_[1:], legend, beside=False)
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
        style = {"color": ink(ax), "lw": 2, "label": "root mean square"}
        return ax.plot(self.train_sizes, size, **style)

    def _colors(self) -> np.ndarray:
        from matplotlib import colormaps

        n_directions = np.shape(self.eigenvalues)[1]
        ends = VISIBLE_ON_DARK if is_dark(self.ax_) else VISIBLE_ON_WHITE
        positions = np.linspace(*ends, n_directions)
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
    ax.axhline(0, color=ink(ax), lw=0.5)
    largest = np.abs(values).max() or 1.0
    decade = np.ceil(np.log10(LINEAR_SHARE * largest))
    ax.set_yscale("symlog", linthresh=10.0**decade)
