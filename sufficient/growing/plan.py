"""One run laid out and followed: Algorithm 1 of paper B."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning
from skorch import NeuralNet
from tqdm.auto import tqdm

from sufficient.data.samples import Samples
from sufficient.data.sources import RowSource
from sufficient.data.stream import rows_of
from sufficient.data.task import Classification, MultiLabel, Regression, Task
from sufficient.growing.order import batch_counts, grow
from sufficient.growing.run import GrowingRun, RunSettings
from sufficient.ranks import first_rank_says, ranks
from sufficient.report.summary import weaknesses
from sufficient.reproducibility.agreement import check_same_problem
from sufficient.reproducibility.fingerprint import (
    described,
    described_net,
    digest,
    versions,
)
from sufficient.reproducibility.seeds import drawn_seed
from sufficient.results import SampleSizeCurve
from sufficient.storage.checkpoint import Checkpoint
from sufficient.training.checks import check_class_counts
from sufficient.training.net import (
    LOSSES_OF_DIFFERENCES,
    criterion_class,
    is_regression,
)

__all__ = ["CurvePlan", "plan_curve", "task_of"]


@dataclass(frozen=True)
class CurvePlan:
    """A run that can start: which samples enter when, and where to measure.

    Attributes
    ----------
    run : GrowingRun
        Trains, measures and decides.
    pool : Samples
        Training samples in the order in which they are added.
    held_out : Samples
        Samples that are never trained on.
    batch_counts : ndarray of int
        Batch counts at which to measure.
    train_indices, validation_indices : ndarray of int
        Where the samples of the pool and the held-out ones stand in X.
    checkpoint : Checkpoint or None
        Where the run is kept after every measured size.
    """

    run: GrowingRun
    pool: Samples
    held_out: Samples
    batch_counts: np.ndarray
    train_indices: np.ndarray
    validation_indices: np.ndarray
    checkpoint: Checkpoint | None = None

    def follow(self, verbose: int = 0) -> None:
        """Algorithm 1: add a batch, train, measure, until the landscape has settled."""
        for _ in self._sizes(verbose):
            pass
        for sentence in weaknesses(self.run.answer(), self.run.settings):
            warnings.warn(sentence, ConvergenceWarning, stacklevel=4)

    def answers(self, verbose: int = 0) -> Iterator[SampleSizeCurve]:
        """The same, with the answer so far after every measured size."""
        for _ in self._sizes(verbose):
            yield self.run.answer()

    def _sizes(self, verbose):
        try:
            yield from self._measured(verbose)
        except BaseException:
            self.run.rewind()
            raise

    def _measured(self, verbose):
        run, size, done = self.run, self.run.batch_size, self.run.last_count
        run.foresee(self.pool)
        if done:
            yield done
        else:
            run.begin(self.pool)
        last = done if done and run.has_settled() else self.batch_counts[-1]
        hidden = not verbose or not ranks().is_first
        steps = tqdm(
            range(done + 1, last + 1), initial=done, total=last, disable=hidden
        )
        for k in steps:
            run.train(self.pool[: k * size], size, k)
            if k in self.batch_counts:
                measurement = self._measure(k)
                if self.checkpoint is not None:
                    self.checkpoint.keep(run)
                steps.set_postfix(_in_words(measurement))
                yield k
                if run.has_settled():
                    break

    def _measure(self, k):
        n = k * self.run.batch_size
        upcoming = self.pool[n : n + self.run.settings.n_fresh]
        return self.run.measure(self.pool[:n], upcoming, self.held_out, k)


def plan_curve(
    estimator,
    X: np.ndarray | RowSource,
    y: np.ndarray,
    settings: RunSettings,
    random_state,
    checkpoint: str | os.PathLike | None = None,
) -> CurvePlan:
    """Set a run up from validated data.

    Parameters
    ----------
    estimator : skorch net, "mlp", "cnn" or None
        What to train.
    X : ndarray or RowSource of shape (n_samples, ...), float32
        Samples.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        Labels, or regression targets.
    settings : RunSettings
        How.
    random_state : int, RandomState instance or None
        Source of the run's seed; None takes that of a kept run.
    checkpoint : str, path-like or None, default=None
        Folder in which the run is kept, and from which it goes on.

    Returns
    -------
    CurvePlan
    """
    shared = {"estimator": estimator, "checkpoint": checkpoint is not None}
    check_same_problem(X=X, y=y, **shared, **vars(settings))
    kept = None if checkpoint is None else Checkpoint(checkpoint)
    seed = _seed(random_state, kept)
    task = task_of(estimator, y)
    targets = task.encode(y)
    stratify = isinstance(task, Classification)
    if stratify:
        check_class_counts(targets, task)
    growth = grow(
        targets,
        stratify=stratify,
        batch_size=settings.batch_size,
        validation_fraction=settings.validation_fraction,
        rng=np.random.RandomState(seed),
    )
    run = GrowingRun(estimator, task, X.shape[1:], growth.batch_size, settings, seed)
    pool, held_out = (
        Samples.for_net(run.net, rows_of(X, rows, settings.n_fresh), targets[rows])
        for rows in (growth.train_indices, growth.validation_indices)
    )
    counts = batch_counts(settings.schedule, growth.n_batches, growth.batch_size)
    if kept is not None:
        data = {"X": digest(X), "y": digest(targets, described(vars(task)))}
        identity = {**data, **_parameters(run, counts)}
        kept.resume(run, first_rank_says(lambda: identity))
    return CurvePlan(
        run=run,
        pool=pool,
        # Read once, where they fit in memory.
        held_out=held_out[:],
        batch_counts=counts,
        train_indices=growth.train_indices,
        validation_indices=growth.validation_indices,
        checkpoint=kept,
    )


def task_of(estimator, y: np.ndarray, classes=None) -> Task:
    """Regression for a regressor; else one label per sample, or a row of them."""
    if is_regression(estimator):
        known = criterion_class(estimator) in LOSSES_OF_DIFFERENCES
        return Regression.of(np.asarray(y, dtype=np.float64), standardise=known)
    if y.ndim == 2:
        return MultiLabel.of(y, classes)
    if isinstance(estimator, NeuralNet) and not is_classifier(estimator):
        raise ValueError(
            f"{type(estimator).__name__} does not say what it answers. Pass a skorch "
            "NeuralNetClassifier or NeuralNetRegressor."
        )
    return Classification.of(y, classes)


def _seed(random_state, kept):
    if random_state is None and kept is not None and kept.seed is not None:
        return kept.seed
    return drawn_seed(random_state)


def _parameters(run, counts):
    """What the numbers depend on besides the data, in print."""
    settings = {f.name: getattr(run.settings, f.name) for f in fields(run.settings)}
    net = described_net(run.training.template).items()
    resolved = {
        "batch_size": run.batch_size,
        "schedule": counts.tolist(),
        "device": str(run.net.device),
    }
    return {
        **{name: described(one) for name, one in {**settings, **resolved}.items()},
        **{f"estimator__{name}".rstrip("_"): text for name, text in net},
        "random_state": digest(str(run.seed)),
        **versions(),
    }


def _in_words(measurement):
    columns = measurement.columns
    return {
        "samples": int(columns["train_size"]),
        "delta": f"{columns['delta']:.3g}",
        "bound": f"{columns['projected']:.3g}",
        "score": f"{columns['validation_score']:.3f}",
    }
