"""`SampleSizeDisplay`: the curve, the tolerance, and the size that suffices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_is_fitted

from sufficient.decision.score_forecast import ScoreForecast
from sufficient.display.scores import AHEAD, draw_forecast, draw_scores, score_name
from sufficient.display.style import (
    COLORS,
    LABELS,
    axes_for,
    band,
    batch_axis,
    extrapolate,
    frame_positive,
    legend,
    size_axis,
)
from sufficient.estimator import SampleSizeEstimator
from sufficient.report.numbers import count
from sufficient.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.container import ErrorbarContainer
    from matplotlib.lines import Line2D

__all__ = ["SampleSizeDisplay"]

MAX_TIMES_DATA = 100


@dataclass(kw_only=True, eq=False, repr=False)
class SampleSizeDisplay:
    r"""Change of the loss landscape, and validation score, along training-set sizes.

    Use `from_estimator`, or pass numbers. All parameters are stored as attributes.

    Parameters
    ----------
    train_sizes : ndarray of shape (n_sizes,)
        Measured sizes in samples.
    delta, delta_std_err : ndarray of shape (n_sizes,)
        :math:`\Delta_k` of the real loss and its standard error, in squared loss units.
    bound, bound_std_err : ndarray of shape (n_sizes,)
        The curve used by the stopping rule, in the same units.
    bound_name : str
        "projected", "eigenvalue", "monte_carlo" (which is `delta` itself, and is not
        drawn twice) or a label of your own.
    smoothed : ndarray of shape (n_sizes,)
        `bound`, smoothed by a local power law.
    rate : float
        Exponent of the power law by which `smoothed` is extrapolated.
    tol : float
        Tolerance, in squared loss units.
    n_samples_needed : int
        Samples that suffice, measured or forecast; not drawn beyond 100 times the data.
    n_samples_needed_interval : tuple of (int, int)
        90 % interval of `n_samples_needed`.
    converged : bool
        Whether `n_samples_needed` lies within the data.
    batch_size : int
        Samples in one batch.
    scores, score_std_err : ndarray of shape (n_sizes,)
        Validation score and its standard error.
    score_forecast : ScoreForecast or None, default=None
        Of the score, drawn with its 90 % band up to four times the last size.
    score_name : str, default="accuracy"
        Name of the score, for the axis.
    estimator_name : str or None, default=None
        Title of the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Panel of the landscape.
    axes_ : ndarray of Axes
        All panels.
    figure_ : matplotlib Figure
        The figure.
    lines_ : list of Line2D
        Curves of the landscape: `delta`, then `bound` and `smoothed`.
    fill_between_ : list of PolyCollection
        Bands of two standard errors, then that of the forecast.
    errorbar_ : list of ErrorbarContainer
        Scores with two standard errors.

    See Also
    --------
    SpectrumDisplay : Eigenvalues of the Hessian along the same sizes.

    Examples
    --------
    >>> import numpy as np
    >>> from sufficient.display import SampleSizeDisplay
    >>> n = np.array([256, 512, 1024])
    >>> display = SampleSizeDisplay(
    ...     train_sizes=n, delta=4e3 / n**2, delta_std_err=4e2 / n**2,
    ...     bound=4e4 / n**2, bound_std_err=4e3 / n**2, bound_name="projected",
    ...     smoothed=4e4 / n**2, rate=-2.0, tol=0.1, n_samples_needed=640,
    ...     n_samples_needed_interval=(580, 700), converged=True, batch_size=64,
    ...     scores=1 - 10 / n, score_std_err=0.1 / np.sqrt(n),
    ... )
    >>> display.plot().ax_.get_xscale()
    'log'
    """

    train_sizes: np.ndarray
    delta: np.ndarray
    delta_std_err: np.ndarray
    bound: np.ndarray
    bound_std_err: np.ndarray
    bound_name: str
    smoothed: np.ndarray
    rate: float
    tol: float
    n_samples_needed: int | None
    n_samples_needed_interval: tuple[int, int | None]
    converged: bool
    batch_size: int
    scores: np.ndarray
    score_std_err: np.ndarray
    score_forecast: ScoreForecast | None = None
    score_name: str = "accuracy"
    estimator_name: str | None = None

    @classmethod
    def from_estimator(
        cls,
        estimator: SampleSizeEstimator,
        *,
        kind: str = "delta",
        ax: ArrayLike = None,
        name: str | None = None,
    ) -> SampleSizeDisplay:
        """Draw the measurements of a fitted `SampleSizeEstimator`.

        Parameters
        ----------
        estimator : SampleSizeEstimator
            Fitted.
        kind, ax
            As in `plot`.
        name : str or None, default=None
            Title of the legend; None uses the class name of the network.

        Returns
        -------
        SampleSizeDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        check_is_fitted(estimator)
        display = cls(
            train_sizes=estimator.train_sizes_,
            delta=estimator.delta_curve_,
            delta_std_err=estimator.delta_std_err_,
            bound=estimator.bound_curve_,
            bound_std_err=estimator.bound_std_err_,
            bound_name=estimator.bound,
            smoothed=estimator.curves_["smoothed"],
            rate=estimator.rate_,
            tol=estimator.tol,
            n_samples_needed=estimator.n_samples_needed_,
            n_samples_needed_interval=estimator.n_samples_needed_interval_,
            converged=estimator.converged_,
            batch_size=estimator.batch_size_,
            scores=estimator.score_curve_,
            score_std_err=estimator.curves_["validation_score_std_err"],
            score_forecast=estimator.score_forecast_,
            score_name=score_name(estimator),
            estimator_name=name or type(estimator.estimator_.module_).__name__,
        )
        return display.plot(ax, kind=kind)

    def plot(self, ax: ArrayLike = None, *, kind: str = "delta") -> SampleSizeDisplay:
        r"""Draw the numbers.

        Parameters
        ----------
        ax : matplotlib Axes, sequence of two Axes or None, default=None
            None makes a figure. With a single one, the scores are not drawn.
        kind : {"delta", "rate"}, default="delta"
            ``"delta"`` draws the curves with the tolerance, and the scores below them.
            ``"rate"`` draws the curves times :math:`k^2`, with k in batches.

        Returns
        -------
        SampleSizeDisplay
            Itself.

        Raises
        ------
        ValueError
            If `kind` is unknown, or `ax` holds the wrong number of axes.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        panels = {"delta": self._plot_delta, "rate": self._plot_rate}
        if kind not in panels:
            raise ValueError(f"kind must be one of {sorted(panels)}, got {kind!r}.")
        self.lines_: list[Line2D] = []
        self.fill_between_: list[PolyCollection] = []
        self.errorbar_: list[ErrorbarContainer] = []
        self._finish(panels[kind](ax), LABELS[kind], beside=ax is None)
        return self

    def _plot_delta(self, ax: ArrayLike) -> float:
        how = {"sharex": True, "height_ratios": (3, 2), "figsize": (8, 5.5)}
        self._take(axes_for(ax, (2, 1), least=1, **how))
        self._draw_curves(np.ones(len(self.train_sizes)), self.tol)
        self._draw_answer()
        for panel in self.axes_[1:]:
            self._draw_scores(panel)
        return self._horizon()

    def _plot_rate(self, ax: ArrayLike) -> float:
        self._take(axes_for(ax, (1, 1), figsize=(8, 3.6)))
        k = np.asarray(self.train_sizes) / self.batch_size
        self._draw_curves(k**2)
        return self.train_sizes[-1]

    def _take(self, axes: np.ndarray) -> None:
        self.axes_, self.ax_, self.figure_ = axes, axes[0], axes[0].figure

    def _is_far(self) -> bool:
        needed = self.n_samples_needed
        return needed is None or needed > MAX_TIMES_DATA * self.train_sizes[-1]

    def _horizon(self) -> float:
        last = self.train_sizes[-1]
        shown = AHEAD * last if len(self.axes_) > 1 else last
        if self._is_far():
            return shown
        high, most = self.n_samples_needed_interval[1], MAX_TIMES_DATA * last
        return max(shown, most if high is None else min(high, most))

    def _draw_curves(self, weight: np.ndarray, *in_view: float) -> None:
        used = "delta" if self.bound_name == "monte_carlo" else "bound"
        for name in dict.fromkeys(("delta", used)):
            self._draw_curve(name, weight, "o" if name == used else "o-")
        label = f"smoothed, $\\propto n^{{{self.rate:.1f}}}$ at its end"
        style = {"color": COLORS[used], "label": label}
        self.lines_ += self.ax_.plot(self.train_sizes, self.smoothed * weight, **style)
        drawn = [line.get_ydata() for line in self.lines_]
        frame_positive(self.ax_, np.concatenate([*drawn, in_view]))

    def _draw_curve(self, name: str, weight: np.ndarray, marks: str) -> None:
        n, color = self.train_sizes, COLORS[name]
        values = getattr(self, name) * weight
        std_err = getattr(self, f"{name}_std_err") * weight
        meaning = "monte_carlo" if name == "delta" else self.bound_name
        style = {"ms": 4, "color": color, "label": LABELS.get(meaning, meaning)}
        self.lines_ += self.ax_.plot(n, values, marks, **style)
        self.fill_between_.append(band(self.ax_, n, values, std_err, color))

    def _draw_answer(self) -> None:
        self.ax_.axhline(self.tol, color="black", ls=":", label=f"tol = {self.tol:g}")
        if self.n_samples_needed is None or self._is_far():
            self.ax_.plot([], [], " ", label="n* far beyond the data")
        else:
            self._draw_needed(self.n_samples_needed)

    def _draw_needed(self, needed: int) -> None:
        if not self.converged:
            extrapolate(self.ax_, self.lines_[-1], needed, self.rate)
        name, line = ("n*", "-") if self.converged else ("forecast n*", "--")
        label = f"{name} = {needed:,} samples"
        low, high = self.n_samples_needed_interval
        color, interval = COLORS["answer"], f"90 %: {low:,} to {count(high)}"
        for panel, text in zip(self.axes_, (label, None), strict=False):
            panel.axvline(needed, color=color, ls=line, label=text)
        end = self._horizon() if high is None else high
        self.ax_.axvspan(low, end, color=color, alpha=0.15, lw=0, label=interval)

    def _draw_scores(self, ax: Axes) -> None:
        n, scores = self.train_sizes, self.scores
        self.errorbar_.append(draw_scores(ax, n, scores, self.score_std_err))
        if self.score_forecast is not None:
            self.fill_between_.append(draw_forecast(ax, self.score_forecast))
        ax.set_ylabel(f"validation {self.score_name}")

    def _finish(self, last: float, ylabel: str, beside: bool) -> None:
        self.ax_.set_ylabel(ylabel)
        for panel in self.axes_:
            size_axis(panel, self.train_sizes[0], last)
            legend(panel, beside=beside)
        self.ax_.get_legend().set_title(self.estimator_name)
        batch_axis(self.ax_, self.batch_size)
        self.axes_[-1].set_xlabel("training samples")
