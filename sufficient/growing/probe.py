"""All that is measured of a trained net: the landscape around it, and its scores."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import inf, nan

import numpy as np
import torch
from skorch import NeuralNet

from sufficient.curvature.affordable import check_affordable
from sufficient.curvature.eigenpairs.follow import FollowedCurvature
from sufficient.curvature.objective import Objective
from sufficient.curvature.operator import CHUNKS
from sufficient.data.agreement import agreement
from sufficient.data.by_class import class_counts
from sufficient.data.samples import Samples
from sufficient.data.task import Task
from sufficient.growing.growth import Fresh
from sufficient.landscape.fixed import FixedNet
from sufficient.landscape.measure import MeasureSettings, measure
from sufficient.reproducibility.agreement import (
    broadcast_measurement,
    broadcast_weights,
)
from sufficient.results import Measurement, Record
from sufficient.settings import BOUNDS, REFERENCE_BATCH, Settings
from sufficient.training.criteria import objective_of
from sufficient.training.scorers import check_scoring_name
from sufficient.training.scores import (
    Scores,
    answers_for,
    scores_of,
    std_err_of_mean,
)
from sufficient.training.work import forward_flops, threads_for

__all__ = ["Probe"]

# What is compared with the net at the last size.
CHANGES = ("longer_training", "wider_net")
PARTS = ("", "_std_err")
MOST_DISPLACED = 1024


class Probe:
    """Measures a net at each size, always with the same random displacements.

    Parameters
    ----------
    settings : Settings
        What to measure, and how finely.
    task : Task
        How targets are read and predictions scored.
    n_parameters : int
        Trainable parameters of the net.
    seed : int
        Source of all randomness.
    cache_bytes : float, default=inf
        Memory that Hessian products may keep between calls.
    device : str, default="cpu"
        Where it computes.
    """

    def __init__(
        self,
        settings: Settings,
        task: Task,
        n_parameters: int,
        seed: int,
        cache_bytes: float = inf,
        device: str = "cpu",
    ) -> None:
        check_scoring_name(settings.scoring)
        self.task, self.scoring, self.seed = task, settings.scoring, seed
        self.cache_bytes = cache_bytes
        self.settings = _measure_settings(settings, n_parameters, seed, device)
        self._fixed: FixedNet | None = None

    def set_pool(self, pool: Samples) -> None:
        """All samples there will be, for a net that is the same at all sizes."""
        self._fixed = FixedNet(pool)

    def measure(
        self, net: NeuralNet, seen: Samples, fresh: Fresh, k: int, record: Record
    ) -> Measurement:
        """Measure the landscape and the scores of a net trained on k batches."""
        together = min(len(seen), CHUNKS["cpu"])
        with threads_for(together * forward_flops(net, seen.X)):
            return self._measure(net, seen, fresh, k, record)

    def _measure(
        self, net: NeuralNet, seen: Samples, fresh: Fresh, k: int, record: Record
    ) -> Measurement:
        start = time.perf_counter()
        broadcast_weights(net.module_)
        objective = objective_of(net, cache_bytes=self.cache_bytes)
        # One net has been trained on all the pool, so nothing upcoming is fresh to it.
        upcoming = fresh.upcoming if self._fixed is None else fresh.upcoming[:0]
        measurement = measure(
            objective,
            seen,
            upcoming,
            fresh.held_out,
            self.settings,
            np.random.default_rng([self.seed, k, 1]),
            seek_copies=_may_have_copies(record),
            followed=self._followed_curvature(objective, record),
        )
        scores = self._scores(net, seen, fresh.held_out)
        # One net is the same at all sizes, and not compared with itself.
        unlabelled = fresh.unlabelled if self._fixed is None else None
        compared = scores.predictions
        if unlabelled is not None:
            compared = answers_for(partial(self.task.answers, net), unlabelled)
        measurement.columns.update(
            scores.columns,
            prediction_agreement=self._agreement(record, compared),
            **{f"{change}_gain{part}": nan for change in CHANGES for part in PARTS},
            n_held_out=len(fresh.held_out),
            n_unlabelled=0 if unlabelled is None else len(unlabelled),
            batch_count=k,
            train_size=len(seen),
            measure_seconds=time.perf_counter() - start,
        )
        return broadcast_measurement(
            replace(
                measurement,
                predictions=torch.from_numpy(compared),
                contributions=torch.from_numpy(scores.contributions).float(),
                class_scores=scores.class_scores,
                class_std_err=scores.class_std_err,
                class_held_out=scores.class_held_out,
                class_train_sizes=class_counts(self.task, seen.y.cpu().numpy()),
            )
        )

    def with_gain_of(
        self,
        change: str,
        net: NeuralNet,
        seen: Samples,
        held_out: Samples,
        last: Measurement,
    ) -> Measurement:
        """What another net at the same size adds to the score, and its error."""
        broadcast_weights(net.module_)
        other = self._scores(net, seen, held_out).contributions
        before = last.contributions.numpy().astype(np.float64)
        # R^2 of one held-out sample may be infinite.
        with np.errstate(invalid="ignore"):
            gain = other - before
        std_err = std_err_of_mean(gain, len(held_out)) if gain.any() else 0.0
        known = bool(np.isfinite(gain).all())
        found = {
            f"{change}_gain": float(gain.mean()) if known else nan,
            f"{change}_gain_std_err": std_err if known else nan,
        }
        return broadcast_measurement(replace(last, columns={**last.columns, **found}))

    def _scores(self, net: NeuralNet, seen: Samples, held_out: Samples) -> Scores:
        known = self._known_predictions(net)
        return scores_of(net, self.task, self.scoring, seen, held_out, known)

    def _agreement(self, record: Record, predictions: np.ndarray) -> float:
        """With the net at the size before; NaN where that is the same or not known."""
        before = record.last.predictions if record else None
        if before is None or self._fixed is not None:
            return nan
        # In a labelling session samples have been held out since.
        return agreement(self.task, before.numpy(), predictions[: len(before)])

    def _followed_curvature(
        self, objective: Objective, record: Record
    ) -> FollowedCurvature | None:
        if self._fixed is None:
            return None
        past = [int(n) for n in record.column("train_size")]
        return self._fixed.curvature(objective, self.settings, past)

    def _known_predictions(
        self, net: NeuralNet
    ) -> Callable[[Samples], np.ndarray] | None:
        if self._fixed is None:
            return None
        answers = partial(self.task.answers, net)
        predicted = self._fixed.predicted(lambda pool: answers_for(answers, pool.X))
        return lambda seen: predicted[: len(seen)]


def _may_have_copies(record: Record) -> bool:
    # They come from the structure of net and loss: the first, smallest size tells.
    return not record or record.measurements[0].columns["hidden_copies"] > 0


def _n_displaced(settings: Settings) -> int:
    """All fresh samples where the real loss decides, or else not many of them.

    Half of 2,048 makes the standard error of `delta` 1.2 to 1.3 times as large, since
    at the default `sigma` most of it comes from the displacements.
    """
    decides = BOUNDS[settings.bound] == "delta"
    return settings.n_fresh if decides else min(settings.n_fresh, MOST_DISPLACED)


def _measure_settings(
    settings: Settings, n_parameters: int, seed: int, device: str
) -> MeasureSettings:
    n_directions = min(settings.n_directions, n_parameters)
    if n_directions < settings.n_directions:
        warnings.warn(
            f"n_directions={settings.n_directions} exceeds the {n_parameters} "
            f"parameters of the net; {n_directions} are used.",
            stacklevel=2,
        )
    check_affordable(n_directions, n_parameters, settings.n_fresh, device)
    draws = np.random.default_rng([seed, 2]).standard_normal(
        (settings.n_monte_carlo, n_directions)
    )
    return MeasureSettings(
        batch_size=REFERENCE_BATCH,
        n_directions=n_directions,
        sigma=settings.sigma,
        draws=draws,
        n_fresh=settings.n_fresh,
        n_displaced=_n_displaced(settings),
        n_candidates=settings.n_candidates,
        eigen_tol=settings.eigen_tol,
    )
