"""The answer in attributes of a fitted estimator, and in sentences."""

from __future__ import annotations

from math import nan

from sklearn.utils.validation import check_is_fitted

from sufficient.decision.agreement import predictions_are_stable
from sufficient.decision.plateau import plateau_of
from sufficient.decision.score_forecast import ScoreForecast
from sufficient.estimator.by_class import ByClassMixin
from sufficient.fields import sample_shape
from sufficient.forecasting import ForecastMixin
from sufficient.growing.plan import Plan
from sufficient.report.summary import summarise
from sufficient.results import SampleSizeCurve
from sufficient.settings import BOUNDS, Settings

__all__ = ["AnswerMixin"]


class AnswerMixin(ForecastMixin, ByClassMixin):
    """Publish a curve under the names of the documentation, and say what it says."""

    bound: str
    _input_dtype: str | None
    _input_shape: tuple[int, ...] | dict[str, tuple[int, ...]]
    patience: int
    min_gain: float

    def summary(self, detail: bool = False) -> str:
        """Say the answer in five lines; in a labelling session in six.

        Parameters
        ----------
        detail : bool, default=False
            Whether to add how the landscape was measured, and everything that weakens
            the answer.

        Returns
        -------
        str
        """
        check_is_fitted(self)
        return summarise(
            self.curve_,
            Settings.of(self),
            detail=detail,
            in_session="_session" in vars(self),
        )

    def _forecast(self) -> ScoreForecast:
        check_is_fitted(self)
        return self.curve_._forecast()

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is an answer."""
        return hasattr(self, "curve_")

    def _publish_plan(self, plan: Plan) -> None:
        self._forget("_session", "_waiting", "n_waiting_", "classes_", "bin_edges_")
        self._publish(plan.run.answer())
        self._input_dtype = plan.run.input_dtype.name
        self.train_indices_ = plan.train_indices
        self.validation_indices_ = plan.validation_indices
        self._input_shape = sample_shape(plan.growth.pool.X)

    def _forget(self, *names: str) -> None:
        for name in names:
            self.__dict__.pop(name, None)

    def _publish(self, curve: SampleSizeCurve) -> None:
        columns, forecast = curve.columns, curve.forecast
        gain, scores = curve.gain_from_data, curve.score_forecast
        self.curve_ = curve
        self.estimator_ = curve.net
        self.batch_size_ = curve.batch_size
        self.n_train_ = curve.n_train
        self.curves_ = columns
        self.batch_counts_ = columns["batch_count"].astype(int)
        self.train_sizes_ = columns["train_size"].astype(int)
        self.delta_curve_ = columns["delta"]
        self.delta_std_err_ = columns["delta_std_err"]
        self.bound_curve_ = columns[BOUNDS[self.bound]]
        self.bound_std_err_ = columns[f"{BOUNDS[self.bound]}_std_err"]
        self.eigenvalues_ = curve.eigenvalues
        self.plateau_ = plateau_of(curve, self.patience)
        self.score_curve_ = columns["validation_score"]
        self.converged_ = forecast.converged
        self.k_star_ = curve.k_star
        self.n_samples_star_ = curve.n_samples_star
        self.n_samples_needed_ = curve.n_samples_needed
        self.n_samples_needed_interval_ = curve.n_samples_needed_interval
        self.rate_ = forecast.rate
        self.score_forecast_ = scores
        self.loss_forecast_ = curve.loss_forecast
        self.prediction_agreement_ = float(columns["prediction_agreement"][-1])
        self.predictions_stable_ = predictions_are_stable(curve.record)
        scores_by_class = None if curve.by_class is None else curve.by_class.scores
        of_bins = curve.task.is_regression
        self.class_scores_ = None if of_bins else scores_by_class
        self.bin_scores_ = scores_by_class if of_bins else None
        self.expected_gain_, self.expected_gain_interval_ = gain
        self.gain_from_data_ = gain
        self.gain_from_training_ = curve.gain_from_training
        self.gain_from_width_ = curve.gain_from_width
        self.limited_by_ = curve.limited_by
        self.probability_sufficient_ = (
            nan if scores is None else scores.probability_of_gain_below(self.min_gain)
        )
        self.generalization_gap_ = float(
            columns["train_score"][-1] - columns["validation_score"][-1]
        )
        self.verdict_ = curve.verdict
        self.__dict__.update(curve.task.fitted_attributes())
