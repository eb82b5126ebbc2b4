"""`SampleSizeDisplay`: landscape, scores and classes along growing training sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sklearn.utils._optional_dependencies import check_matplotlib_support

from sufficient.decision.score_forecast import ScoreForecast
from sufficient.display.kinds import checked_kind
from sufficient.display.legends import add_legends
from sufficient.display.measured import (
    Measured,
    measured_by,
    measured_elsewhere,
)
from sufficient.display.style import axes_for
from sufficient.typing import ArrayLike

__all__ = ["SampleSizeDisplay"]

WIDTH = 8


@dataclass(kw_only=True, eq=False, repr=False)
class SampleSizeDisplay(Measured):
    r"""Change of the loss landscape, and held-out scores, along training-set sizes.

    Use `from_estimator` or `from_scores`, or pass numbers. All parameters are stored as
    attributes.

    Parameters
    ----------
    train_sizes : ndarray of shape (n_sizes,)
        Measured sizes in samples.
    scores, score_std_err : ndarray of shape (n_sizes,)
        Held-out score and its standard error.
    score_forecast : ScoreForecast or None, default=None
        Of the score, drawn up to four times the last size.
    score_name : str, default="accuracy"
        Name of the score, for the axis.
    gain_from_training, gain_from_width : Gain
        What twice the training steps, and a net twice as wide, add to the last score;
        not drawn where not known.
    verdict, limited_by : str or None, default=None
        The answer in words, written above the scores.
    by_class : ClassScores or None, default=None
        Scores of each class, or of each bin of a numeric target.
    delta, delta_std_err : ndarray of shape (n_sizes,) or None, default=None
        :math:`\Delta_k` of the real loss and its standard error, in squared loss units.
        None where there are scores only.
    bound, bound_std_err : ndarray of shape (n_sizes,) or None, default=None
        The curve used by the stopping rule, in the same units.
    bound_name : str, default="projected"
        "projected", "eigenvalue", "monte_carlo" (which is `delta` itself, and is not
        drawn twice) or a label of your own.
    smoothed : ndarray of shape (n_sizes,) or None, default=None
        `bound`, smoothed by a local power law.
    rate : float, default=-2
        Exponent of the power law by which `smoothed` is extrapolated.
    tol : float, default=0
        Tolerance, in squared loss units.
    n_samples_needed : int or None, default=None
        Samples that suffice, measured or forecast; not drawn beyond 100 times the data.
    n_samples_needed_interval : tuple of (int, int or None)
        90 % interval of `n_samples_needed`.
    converged : bool, default=False
        Whether `n_samples_needed` lies within the data.
    batch_size : int, default=1
        Samples in one batch.
    estimator_name : str or None, default=None
        Title of the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        First panel.
    axes_ : ndarray of Axes
        All panels.
    figure_ : matplotlib Figure
        The figure.
    lines_ : list of Line2D
        Curves of the landscape: `delta`, then `bound` and `smoothed`.
    fill_between_ : list of PolyCollection
        Bands of two standard errors, then the 50 % and 90 % bands of the forecast.
    errorbar_ : list of ErrorbarContainer
        Scores with two standard errors, then those of more steps and a wider net.

    See Also
    --------
    SpectrumDisplay : Eigenvalues of the Hessian along the same sizes.

    Examples
    --------
    >>> from sufficient.display import SampleSizeDisplay
    >>> display = SampleSizeDisplay.from_scores(
    ...     [125, 250, 500, 1000], [0.70, 0.76, 0.80, 0.83], target=0.85
    ... )
    >>> display.ax_.get_xscale(), display.ax_.get_ylabel()
    ('log', 'held-out score')
    """

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        kind: str | None = None,
        target: float | None = None,
        assurance: float = 0.8,
        ax: ArrayLike = None,
        name: str | None = None,
        legend: bool | str = True,
    ) -> SampleSizeDisplay:
        """Draw the measurements of a fit.

        Parameters
        ----------
        estimator : SampleSizeEstimator, Pipeline, SampleSizeCurve or RepeatedSampleSize
            Fitted; a pipeline has to end in a `SampleSizeEstimator`. Of repeats, the
            scores of all seeds are drawn, with one forecast.
        kind, target, assurance, ax, legend
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
        TypeError
            If it is something else.
        ValueError
            As in `plot`.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        display = cls(**measured_by(estimator))
        display.estimator_name = name or display.estimator_name
        how: dict[str, Any] = {"target": target, "assurance": assurance}
        return display.plot(ax, kind=kind, legend=legend, **how)

    @classmethod
    def from_scores(
        cls,
        n: ArrayLike | ScoreForecast,
        scores: ArrayLike = None,
        *,
        target: float | None = None,
        assurance: float = 0.8,
        ax: ArrayLike = None,
        score_name: str = "score",
        name: str | None = None,
        legend: bool | str = True,
        **given: Any,
    ) -> SampleSizeDisplay:
        """Draw the scores of any trainer, and their forecast.

        Parameters
        ----------
        n : array-like of shape (n_sizes,) or ScoreForecast
            Training-set sizes, or a forecast that was made of them.
        scores : array-like of shape (n_sizes,) or None, default=None
            Score at each; None with a forecast.
        target, assurance, ax, legend
            As in `plot`.
        score_name : str, default="score"
            For the axis.
        name : str or None, default=None
            Title of the legend.
        **given
            Whatever else `forecast_scores` takes, such as `std_err` or `score_range`.

        Returns
        -------
        SampleSizeDisplay

        Raises
        ------
        ValueError
            As in `forecast_scores` and in `plot`.
        """
        check_matplotlib_support(f"{cls.__name__}.from_scores")
        numbers = measured_elsewhere(n, scores, **given)
        display = cls(score_name=score_name, estimator_name=name, **numbers)
        how: dict[str, Any] = {"target": target, "assurance": assurance}
        return display.plot(ax, kind="score", legend=legend, **how)

    def plot(
        self,
        ax: ArrayLike = None,
        *,
        kind: str | None = None,
        target: float | None = None,
        assurance: float = 0.8,
        legend: bool | str = True,
    ) -> SampleSizeDisplay:
        r"""Draw the numbers.

        Parameters
        ----------
        ax : matplotlib Axes, sequence of two Axes or None, default=None
            None makes a figure. With a single one, ``"delta"`` leaves the scores out.
        kind : {"delta", "rate", "score", "classes"} or None, default=None
            None is ``"delta"``, or ``"score"`` where there are scores only.
            ``"delta"`` draws the curves with the tolerance, and the scores below them.
            ``"rate"`` draws the curves times :math:`k^2`, with k in batches.
            ``"score"`` draws the scores alone, ``"classes"`` those of each class, or
            bin of a numeric target.
        target : float or None, default=None
            A score to reach, drawn with the size that reaches it.
        assurance : float, default=0.8
            Probability with which `target` is to be reached.
        legend : bool or str, default=True
            False draws none. True finds a place that hides no data. A string is a
            location of matplotlib's, such as ``"upper right"``, or ``"outside lower
            center"`` for one below a figure with a constrained layout.

        Returns
        -------
        SampleSizeDisplay
            Itself.

        Raises
        ------
        ValueError
            If `kind` is unknown or asks for what was not measured, `ax` holds the wrong
            number of axes, or `target` lies outside the range of the score or has no
            forecast.

        Warns
        -----
        UserWarning
            If the legend is left out, because `ax` has no room for it.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        chosen, aim = checked_kind(self, kind, target, assurance)
        size = (WIDTH, chosen.height(self))
        shape = (chosen.n_panels, 1)
        self.axes_ = axes_for(ax, shape, least=chosen.least, sharex=True, figsize=size)
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.lines_, self.fill_between_, self.errorbar_ = chosen.draw(
            self.axes_, self, aim
        )
        title = self.estimator_name
        add_legends(self.axes_, legend, beside=ax is None, title=title)
        return self
