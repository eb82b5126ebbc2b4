"""A run laid out for given data, and followed with progress and checkpoints."""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from skorch import NeuralNet

from sufficient.data.copies import warn_of_copies
from sufficient.data.dtypes import in_dtype
from sufficient.data.encoding import encoded, fit_encoded
from sufficient.data.row_source import RowSource
from sufficient.data.scale import warn_of_scales
from sufficient.data.stream import as_rows, rows_of, share_of_memory
from sufficient.data.task import Task, Weights
from sufficient.data.tasks import Classification, MultiLabel, Regression
from sufficient.data.weights import relative_weights
from sufficient.fields import Fields
from sufficient.growing.growth import Growth
from sufficient.growing.order import ordered
from sufficient.growing.progress import log_end, progress
from sufficient.growing.run import Run
from sufficient.growing.schedule import batch_counts
from sufficient.ranks import from_first_rank
from sufficient.reproducibility.agreement import check_same_problem
from sufficient.reproducibility.fingerprint import (
    described,
    described_net,
    digest,
    versions,
)
from sufficient.reproducibility.seeds import drawn_seed
from sufficient.results import SampleSizeCurve
from sufficient.settings import Settings
from sufficient.storage.checkpoint import Checkpoint
from sufficient.training.criteria import (
    LOSSES_OF_DIFFERENCES,
    criterion_class,
    is_regression,
    lacks_criterion,
    net_for,
)
from sufficient.training.net import standardises
from sufficient.typing import ArrayLike, Encoder, Net, RandomState

__all__ = ["Plan", "plan_run", "task_of"]


@dataclass(frozen=True)
class Plan:
    """A run that can start, the samples it grows along, and where it is kept.

    Attributes
    ----------
    run : Run
        Trains, measures and decides.
    growth : Growth
        Samples in the order in which they are added, and where to measure.
    train_indices, validation_indices : ndarray of int
        Where the samples of the growth and the held-out ones stand in X.
    checkpoint : Checkpoint or None
        Where the run is kept after every measured size.
    """

    run: Run
    growth: Growth
    train_indices: np.ndarray
    validation_indices: np.ndarray
    checkpoint: Checkpoint | None = None

    def follow(self, verbose: int = 0) -> SampleSizeCurve:
        """Measure until the landscape has settled; the answer."""
        for _ in self.steps(verbose):
            pass
        return self.run.answer()

    def steps(self, verbose: int = 0) -> Generator[SampleSizeCurve]:
        """The answer so far at every measured size; first what a kept run had."""
        try:
            if self.run.record:
                yield self.run.answer()
            for _ in self._measurements(verbose):
                yield self.run.answer()
        except BaseException:
            self.run.rewind()
            raise

    def _measurements(self, verbose):
        done, last = self.run.record.last_count, int(self.growth.measured_counts[-1])
        with progress(done, last, verbose) as show:
            for measurement in self.run.grow(self.growth):
                if self.checkpoint is not None:
                    self.checkpoint.keep(self.run)
                show(measurement)
                yield measurement
        log_end(self.run.record, self.run.n_train)


def plan_run(
    estimator: Net,
    X: Any,
    y: np.ndarray,
    settings: Settings,
    random_state: RandomState,
    checkpoint: str | os.PathLike[str] | None = None,
    groups: np.ndarray | None = None,
    validation: tuple[Any, np.ndarray, Weights] | None = None,
    weights: Weights = None,
    label_names: np.ndarray | None = None,
    encoder: Encoder = None,
    unlabelled: Any = None,
) -> Plan:
    """Set a run up from validated data.

    Parameters
    ----------
    estimator : skorch net, "mlp", "cnn" or None
        What to train.
    X : ndarray, RowSource or Fields of shape (n_samples, ...)
        Samples: float32, or integers, which become what the net takes; with an encoder
        whatever it takes.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        Labels, or regression targets.
    settings : Settings
        How.
    random_state : int, RandomState instance or None
        Source of the run's seed; None takes that of a kept run.
    checkpoint : str, path-like or None, default=None
        Folder in which the run is kept, and from which it goes on.
    groups : ndarray of shape (n_samples,) or None, default=None
        Samples of one group are held out together, or not at all.
    validation : tuple of (ndarray, ndarray, ndarray or None) or None, default=None
        Samples, targets and weights to hold out; None takes part of X and y.
    weights : ndarray of shape (n_samples,) or None, default=None
        Of the samples, in the loss and the score. Those of weight 0 are left out.
    label_names : ndarray of shape (n_targets,) or None, default=None
        Names of the columns of y, where these are labels.
    encoder : transformer or None, default=None
        Fitted, in place, to the samples that are not held out.
    unlabelled : ndarray, Fields or None, default=None
        Samples without targets, on which nets are compared; with an encoder whatever it
        takes.

    Returns
    -------
    Plan
    """
    shared = {"estimator": estimator, "checkpoint": checkpoint is not None}
    given = X if encoder is None else np.asarray(X)
    check_same_problem(X=given, y=y, weights=weights, **shared, **vars(settings))
    kept = None if checkpoint is None else Checkpoint(checkpoint)
    seed = _seed(random_state, kept)
    counted = np.arange(len(y)) if weights is None else np.flatnonzero(weights)
    known = y[counted] if is_regression(estimator, y) else y
    task = task_of(estimator, known, names=label_names)
    targets = task.encode(y)
    if validation is None:
        task.check_can_be_split(targets[counted])
    order = ordered(
        targets[counted],
        stratify=task.has_one_label,
        batch_size=settings.batch_size,
        validation_fraction=None if validation else settings.validation_fraction,
        rng=np.random.RandomState(seed),
        groups=None if groups is None else groups[counted],
    ).among(counted)
    if encoder is not None:
        X = fit_encoded(encoder, X, targets, order.train_indices)
        if validation is not None:
            validation = encoded(encoder, validation[0]), *validation[1:]
        if unlabelled is not None:
            unlabelled = encoded(encoder, unlabelled)
    run = _run(net_for(estimator, task), task, X, order.batch_size, settings, seed)
    X = in_dtype(X, run.input_dtype)
    if validation is not None:
        validation = in_dtype(validation[0], run.input_dtype), *validation[1:]
    if unlabelled is not None:
        unlabelled = in_dtype(unlabelled, run.input_dtype)
    growth = _growth(run, X, targets, weights, order, validation, unlabelled)
    if kept is not None:
        data = {"X": X, "y": targets, "groups": groups, "sample_weight": weights}
        data |= {"validation": validation, "unlabelled": unlabelled}
        identity = {**_digests(task, data), **_parameters(run, growth.measured_counts)}
        kept.resume(run, from_first_rank(lambda: identity))
    warn_of_copies(growth.pool.X, growth.held_out.X)
    if not standardises(run.training.template):
        warn_of_scales(growth.pool.X)
    return Plan(run, growth, order.train_indices, order.validation_indices, kept)


def _run(estimator, task, X, batch_size, settings, seed):
    memory = share_of_memory() if isinstance(X, RowSource) else inf
    return Run(estimator, task, X, batch_size, settings, seed, cache_bytes=memory)


def _growth(run, X, targets, weights, order, validation, unlabelled):
    """The samples in their order, those not trained on, and where to measure."""
    training, settings = run.training, run.settings
    device = training.template.device
    weights = relative_weights(weights, order.train_indices)

    def taken(rows):
        X_taken = rows_of(X, rows, settings.n_fresh, device)
        counted = None if weights is None else weights[rows]
        return run.samples(X_taken, targets[rows], counted)

    if validation is None:
        held_out = taken(order.validation_indices)
    else:
        X_val, y_val, counted = validation
        y_val = run.task.encode(y_val)
        held_out = run.samples(X_val, y_val, relative_weights(counted))
    return Growth(
        pool=taken(order.train_indices),
        # Read once, where they fit in memory.
        held_out=held_out[:],
        batch_size=order.batch_size,
        measured_counts=batch_counts(
            settings.schedule,
            order.n_batches,
            order.batch_size,
            ratio=training.size_ratio,
            first_size=training.first_size,
        ),
        n_upcoming=settings.n_fresh,
        unlabelled=None if unlabelled is None else as_rows(unlabelled).to(device),
    )


def task_of(
    estimator: Net,
    y: np.ndarray,
    classes: ArrayLike = None,
    names: np.ndarray | None = None,
) -> Task:
    """Regression for a regressor; else one label per sample, or a row of them."""
    if is_regression(estimator, y):
        free = lacks_criterion(estimator)
        known = free or criterion_class(estimator) in LOSSES_OF_DIFFERENCES
        return Regression.of(np.asarray(y, dtype=np.float64), standardise=known)
    if y.ndim == 2:
        return MultiLabel.of(y, classes, names)
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


def _digests(task, data):
    """Checksums of the data, of what was given of them."""
    found = {}
    for name, values in data.items():
        given = values if isinstance(values, tuple) else (values,)
        if parts := [part for part in given if part is not None]:
            text = (described(vars(task)),) if name == "y" else ()
            found[name] = digest(*map(_plain, parts), *text)
    return found


def _plain(values):
    """Labels of any kind, or several inputs, as what a checksum can be made of."""
    if isinstance(values, Fields):
        return described(values)
    is_text = isinstance(values, np.ndarray) and values.dtype.kind not in "biuf"
    return described(values.tolist()) if is_text else values


def _parameters(run, counts):
    """What the numbers depend on besides the data, in print."""
    net = described_net(run.training.template).items()
    resolved = {
        "batch_size": run.batch_size,
        "schedule": counts.tolist(),
        "device": str(run.training.template.device),
    }
    settings = {**vars(run.settings), **resolved}
    return {
        **{name: described(one) for name, one in settings.items()},
        **{f"estimator__{name}".rstrip("_"): text for name, text in net},
        "random_state": digest(str(run.seed)),
        **versions(),
    }
