"""One net along one growing training set, and all that was measured on the way."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from skorch import NeuralNet

from sufficient.data.samples import Samples
from sufficient.data.sources import in_parts
from sufficient.data.task import Task
from sufficient.decision.gain import forecast_gain, join_verdict, score_above_chance
from sufficient.decision.stopping import forecast_sample_size
from sufficient.landscape.fixed import FixedNet
from sufficient.landscape.measure import (
    BOUNDS,
    REFERENCE_BATCH,
    MeasureSettings,
    measure,
)
from sufficient.ranks import by_shares
from sufficient.reproducibility.agreement import agree_on_weights, agreed_measurement
from sufficient.results import Measurement, SampleSizeCurve, SampleSizeForecast
from sufficient.training.checks import check_loss, check_net_fits_data
from sufficient.training.net import objective_of, prepared_net
from sufficient.training.net_state import (
    callbacks_with_memory,
    net_state,
    restore_net,
)
from sufficient.training.scores import scores_by_scorer
from sufficient.training.strategies import TRAININGS

__all__ = ["GrowingRun", "RunSettings"]

FEW = 32


@dataclass(frozen=True)
class RunSettings:
    """The parameters of `SampleSizeEstimator` by the same names."""

    tol: float
    batch_size: int | str
    n_directions: int
    sigma: float | str
    bound: str
    n_monte_carlo: int
    training: str
    scoring: str | Callable | None
    min_gain: float
    patience: int
    validation_fraction: float | str
    schedule: str | float | Sequence[int]
    update_epochs: int
    n_fresh: int
    n_candidates: int
    eigen_tol: float
    device: str | None

    def plain(self) -> dict:
        """By name, with a schedule of any kind as a list."""
        if callable(self.scoring):
            raise ValueError(
                "scoring is a function, which cannot be stored. Pass the name of a "
                "scorer instead, or pickle the estimator."
            )
        of_numbers = not isinstance(self.schedule, str) and not np.isscalar(
            self.schedule
        )
        schedule = np.asarray(self.schedule).tolist() if of_numbers else self.schedule
        return {**vars(self), "schedule": schedule}


class GrowingRun:
    """Train, measure and decide, one batch at a time.

    Parameters
    ----------
    estimator : None, "mlp", "cnn" or skorch net
        Cloned, never modified.
    task : Task
        How targets are read and predictions scored.
    input_shape : tuple of int
        Shape of one sample.
    batch_size : int
        Samples in one batch.
    settings : RunSettings
        Everything else.
    seed : int
        Source of all randomness.
    """

    def __init__(
        self,
        estimator,
        task: Task,
        input_shape: tuple[int, ...],
        batch_size: int,
        settings: RunSettings,
        seed: int,
    ) -> None:
        template = prepared_net(
            estimator,
            n_inputs=int(np.prod(input_shape)),
            n_outputs=task.n_outputs,
            device=settings.device,
        )
        self.task, self.settings, self.seed = task, settings, seed
        self.batch_size = batch_size
        self.training = TRAININGS[settings.training](
            template, seed=seed, update_epochs=settings.update_epochs
        )
        self.net: NeuralNet = self.training.fresh_net()
        self.measuring = self._measure_settings()
        self.measurements: list[Measurement] = []
        self._fixed: FixedNet | None = None

    def foresee(self, pool: Samples) -> None:
        """Learn which samples will come; of use where the net does not change."""
        if self.settings.training == "full":
            self._fixed = FixedNet(pool)

    def begin(self, pool: Samples) -> None:
        """Check the net against the data and get ready to train it."""
        few = pool[:FEW]
        check_net_fits_data(self.net, few.X, self.task)
        check_loss(self.net, objective_of(self.net), few)
        self.training.begin(pool.X, pool.y)

    def train(self, seen: Samples, n_new: int, k: int) -> None:
        """Take in the k-th batch, the last `n_new` of the seen samples."""
        self.training.extend(seen.X, seen.y, n_new, k)

    def measure(
        self, seen: Samples, upcoming: Samples, held_out: Samples, k: int
    ) -> Measurement:
        """Measure the landscape and the scores at k batches."""
        start = time.perf_counter()
        self.net = self.training.net_at(seen.X, seen.y, k)
        agree_on_weights(self.net.module_)
        if self.settings.training == "full":
            upcoming = upcoming[:0]
        measurement = measure(
            objective_of(self.net),
            seen,
            upcoming,
            held_out,
            self.measuring,
            np.random.default_rng([self.seed, k, 1]),
            seek_copies=self._may_have_copies(),
            followed=self._followed_curvature(),
        )
        measurement.columns.update(self._score_columns(seen, held_out))
        measurement.columns.update(
            batch_count=k,
            train_size=len(seen),
            measure_seconds=time.perf_counter() - start,
        )
        self._take_in(agreed_measurement(measurement))
        return measurement

    def state(self) -> dict:
        """What the run needs to go on from here, in plain values and tensors."""
        return {
            "net": net_state(self.net),
            "measurements": [vars(one) for one in self.measurements],
        }

    def resume(self, state: dict) -> None:
        """Go on from `state` instead of beginning."""
        self.net = restore_net(self.training.fresh_net(), state["net"])
        self.training.take_up(self.net)
        self.measurements = [Measurement(**one) for one in state["measurements"]]
        self._measured_weights = self._weights()
        if names := callbacks_with_memory(self.net):
            warnings.warn(
                f"What the callbacks {names} remember is not stored; they start anew.",
                stacklevel=2,
            )

    @property
    def last_count(self) -> int:
        """Batches at the last measured size, 0 before the first."""
        return self.measurements[-1].columns["batch_count"] if self.measurements else 0

    def rewind(self) -> None:
        """Put the net back to where it was last measured."""
        if self.measurements:
            self.net.module_.load_state_dict(self._measured_weights)

    def forecast(self) -> SampleSizeForecast:
        """Where the curve that decides stays below the tolerance."""
        return forecast_sample_size(
            self._column("train_size"),
            self._column(BOUNDS[self.settings.bound]),
            tol=self.settings.tol,
            patience=self.settings.patience,
            bound=self.settings.bound,
        )

    def has_settled(self) -> bool:
        """Whether more batches are unnecessary."""
        return self.settings.training != "full" and self.forecast().converged

    def answer(self) -> SampleSizeCurve:
        """What was measured so far, and what follows from it."""
        if not self.measurements:
            raise ValueError("Nothing has been measured yet.")
        names = self.measurements[0].columns
        forecast = self.forecast()
        gain = forecast_gain(
            self._column("train_size"),
            self._column("validation_score"),
            self._column("train_score"),
            self._column("validation_score_std_err"),
            one_net=self.settings.training == "full",
        )
        verdict = join_verdict(
            converged=forecast.converged,
            gain=gain,
            min_gain=self.settings.min_gain,
            score_above_chance=score_above_chance(self.measurements[-1].columns),
        )
        columns = {name: self._column(name) for name in names}
        columns["smoothed"] = forecast.smoothed
        columns["smoothed_std_err"] = self._smoothed_std_err(forecast)
        return SampleSizeCurve(
            columns=columns,
            eigenvalues=np.array([m.eigenvalues for m in self.measurements]),
            eigenvalue_shifts=np.array(
                [m.eigenvalue_shifts for m in self.measurements]
            ),
            eigenvectors=self.measurements[-1].eigenvectors,
            forecast=forecast,
            gain=gain,
            verdict=verdict,
            net=self.net,
            task=self.task,
            batch_size=self.batch_size,
        )

    def _smoothed_std_err(self, forecast):
        # Displacements and late fresh samples are the same at all sizes, so their error
        # does not show as scatter along them.
        name = BOUNDS[self.settings.bound]
        values, errors = self._column(name), self._column(f"{name}_std_err")
        known = np.isfinite(errors) & (values > 0)
        shared = np.divide(errors, values, out=np.zeros(len(values)), where=known)
        return np.hypot(forecast.smoothed_std_err, forecast.smoothed * shared)

    def _take_in(self, measurement):
        grown, weights = [*self._without_eigenvectors(), measurement], self._weights()
        # At once, so that no Ctrl-C leaves a measurement with other weights.
        self.measurements, self._measured_weights = grown, weights

    def _weights(self):
        return copy.deepcopy(self.net.module_.state_dict())

    def _followed_curvature(self):
        if self._fixed is None:
            return None
        past = [one.columns["train_size"] for one in self.measurements]
        return self._fixed.curvature(self.net, self.measuring, past)

    def _may_have_copies(self):
        # They come from the structure of net and loss: the first, smallest size tells.
        first = self.measurements[:1]
        return not first or first[0].columns["hidden_copies"] > 0

    def _without_eigenvectors(self):
        # They are as large as the net, ten times over, and only the last are shown.
        return [replace(one, eigenvectors=None) for one in self.measurements]

    def _measure_settings(self):
        settings = self.settings
        n_parameters = objective_of(self.net).n_parameters
        n_directions = min(settings.n_directions, n_parameters)
        if n_directions < settings.n_directions:
            warnings.warn(
                f"n_directions={settings.n_directions} exceeds the {n_parameters} "
                f"parameters of the net; {n_directions} are used.",
                stacklevel=2,
            )
        draws = np.random.default_rng([self.seed, 2]).standard_normal(
            (settings.n_monte_carlo, n_directions)
        )
        return MeasureSettings(
            batch_size=REFERENCE_BATCH,
            n_directions=n_directions,
            sigma=settings.sigma,
            draws=draws,
            n_fresh=settings.n_fresh,
            n_candidates=settings.n_candidates,
            eigen_tol=settings.eigen_tol,
        )

    def _score_columns(self, seen, held_out):
        if self.settings.scoring is not None:
            scoring = self.settings.scoring
            return scores_by_scorer(self.net, self.task, scoring, seen, held_out)
        targets = held_out.y.cpu().numpy()
        predicted = in_parts(self._answers, held_out.X)
        score = self.task.score(targets, predicted)
        seen_targets = seen.y.cpu().numpy()
        return {
            "train_score": self.task.score(seen_targets, self._predicted(seen)),
            "validation_score": score,
            "validation_score_std_err": self.task.score_std_err(score, len(targets)),
            "chance_score": self.task.chance(seen_targets, targets),
        }

    def _predicted(self, seen):
        if self._fixed is None:
            return by_shares(partial(in_parts, self._answers), seen.X)
        return self._fixed.predicted(self._answers)[: len(seen)]

    def _answers(self, X):
        return self.task.answers(self.net, X)

    def _column(self, name):
        return np.array([m.columns[name] for m in self.measurements])
