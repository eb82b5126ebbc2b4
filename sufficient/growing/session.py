"""A labelling session: every batch that arrives is measured on, then trained on."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from sufficient.data.dtypes import in_dtype
from sufficient.data.encoding import encoded, fit_encoded
from sufficient.data.samples import Samples
from sufficient.data.stream import as_rows
from sufficient.data.task import Task, Weights
from sufficient.data.task_state import as_task, task_state
from sufficient.data.tasks import Classification
from sufficient.data.weights import in_units
from sufficient.fields import from_state, state_of
from sufficient.growing.growth import Fresh
from sufficient.growing.new_classes import NewClasses
from sufficient.growing.run import Run
from sufficient.growing.schedule import resolve_batch_size
from sufficient.reproducibility.agreement import check_same_problem
from sufficient.results import Record, SampleSizeCurve
from sufficient.sample_weights import weights_or_ones
from sufficient.settings import Settings
from sufficient.training.criteria import net_for
from sufficient.training.strategies import STRATEGIES
from sufficient.typing import Encoder, Net

__all__ = ["LabellingSession"]

HELD_OUT_SHARE = 0.2
FEW = 2


class LabellingSession:
    """State of a run whose batches come from outside, one call at a time.

    Part of every batch is held out. The rest first serves as the fresh samples on which
    the net trained so far is measured, and is then trained on.

    Parameters
    ----------
    estimator : None, "mlp", "cnn" or skorch net
        Cloned, never modified.
    task : Task
        That of the first batch.
    settings : Settings
        How to train, measure and decide.
    seed : int
        Source of all randomness.
    encoder : transformer or None, default=None
        Fitted, in place, to the first batch without what is held out of it.
    takes_new_classes : bool, default=False
        Whether later batches may bring classes that the task does not have.
    unlabelled : ndarray, Fields or None, default=None
        Samples without targets, on which successive nets are compared; with an encoder
        whatever it takes.
    """

    def __init__(
        self,
        estimator: Net,
        task: Task,
        settings: Settings,
        seed: int,
        encoder: Encoder = None,
        takes_new_classes: bool = False,
        unlabelled: Any = None,
    ) -> None:
        if STRATEGIES[settings.training].is_one_net:
            raise ValueError(
                f"training={settings.training!r} needs all the data at once. Use "
                "'update' or 'restart' with partial_fit."
            )
        self.estimator, self.task = net_for(estimator, task), task
        self.settings, self.seed = settings, seed
        self.encoder, self.takes_new_classes = encoder, takes_new_classes
        self.unlabelled, self.n_calls, self.weight_unit = unlabelled, 0, 1.0
        self._run: Run | None = None
        self.seen: Samples
        self.held_out: Samples

    @property
    def run(self) -> Run:
        """Training, measurements and record; there are none before the first batch."""
        if self._run is None:
            raise ValueError("No batch has arrived yet.")
        return self._run

    def arrive(self, X: Any, y: np.ndarray, weights: Weights = None) -> SampleSizeCurve:
        """Take in the next labelled batch and answer afresh.

        Parameters
        ----------
        X : ndarray or Fields of shape (n, ...)
            Samples of the batch; with an encoder whatever it takes.
        y : ndarray of shape (n,) or (n, n_targets)
            Their labels or targets.
        weights : ndarray of shape (n,) or None, default=None
            Their weights, above 0; None is a weight of 1 for each. They are divided by
            the mean of the first batch.

        Returns
        -------
        SampleSizeCurve
        """
        given = X if self.encoder is None else np.asarray(X)
        how = {"settings": self.settings, "n_calls": self.n_calls}
        check_same_problem(X=given, y=y, weights=weights, **how)
        before, run = vars(self).copy(), copy.deepcopy(self._run)
        try:
            if new := self._new_classes(y):
                self._begin_anew(new)
            return self._arrive(X, self.task.encode(y), weights)
        except BaseException:
            # As if the batch had not come, so that it can come again.
            vars(self).update(before, _run=run)
            raise

    def check_targets(self, y: np.ndarray) -> None:
        """Raise a ValueError for labels or targets that no batch may bring."""
        if self._new_classes(y) is None:
            self.task.encode(y)

    def state(self) -> dict[str, Any]:
        """What the session needs to go on, its labelled samples included."""
        return {
            "task": task_state(self.task),
            "settings": self.settings.plain(),
            "seed": self.seed,
            "n_calls": self.n_calls,
            "weight_unit": self.weight_unit,
            "takes_new_classes": self.takes_new_classes,
            "batch_size": self.run.batch_size,
            "run": self.run.state(),
            "seen": self.seen.state(),
            "held_out": self.held_out.state(),
            "unlabelled": state_of(self.unlabelled),
        }

    @classmethod
    def resumed(
        cls,
        estimator: Net,
        state: dict[str, Any],
        device: str | None,
        encoder: Encoder = None,
    ) -> LabellingSession:
        """The session that `state` was taken of, on a device of choice.

        Parameters
        ----------
        estimator : None, "mlp", "cnn" or skorch net
            The same as before.
        state : dict
            What `state` gave.
        device : str or None
            As the parameter of `SampleSizeEstimator`.
        encoder : transformer or None, default=None
            The fitted one, where there was one.

        Returns
        -------
        LabellingSession
        """
        settings = Settings(**{**state["settings"], "device": device})
        self = cls(
            estimator,
            as_task(state["task"]),
            settings,
            state["seed"],
            encoder,
            state["takes_new_classes"],
            from_state(state["unlabelled"]),
        )
        self.seen, self.held_out = (
            Samples.resumed(state[part]) for part in ("seen", "held_out")
        )
        self._run = self._run_as_before(state["batch_size"])
        self.run.resume(state["run"])
        self.n_calls = state["n_calls"]
        self.weight_unit = state["weight_unit"]
        device = self.run.training.template.device
        self.seen, self.held_out = (
            part.to(device) for part in (self.seen, self.held_out)
        )
        if self.unlabelled is not None:
            self.unlabelled = self.unlabelled.to(device)
        self.run.n_train = len(self.seen)
        return self

    def _arrive(self, X, targets, weights):
        train_rows, held_out_rows = self._split(len(targets))
        if self.encoder is not None:
            X = self._encoded(X, targets, train_rows)
        if self._run is None:
            self._run = self._start(X, len(train_rows))
            self._read_unlabelled()
        X = in_dtype(X, self._run.input_dtype)
        weights = self._in_units_of_the_first(weights, train_rows, len(targets))
        new, held_out = (
            self.run.samples(X[r], targets[r], None if weights is None else weights[r])
            for r in (train_rows, held_out_rows)
        )
        self.n_calls += 1
        if self.n_calls == 1:
            return self._first(new, held_out)
        return self._next(new, held_out)

    def _in_units_of_the_first(self, weights, train_rows, n):
        weights = weights_or_ones(weights, n)
        if self.n_calls == 0:
            self.weight_unit = float(weights[train_rows].mean())
        return in_units(weights, self.weight_unit)

    def _new_classes(self, y):
        if self.takes_new_classes and isinstance(self.task, Classification):
            return NewClasses.found(self.task, y)
        return None

    def _begin_anew(self, new):
        """A net for all classes, trained as if they had been known from the start."""
        before, self.task = self.run, new.task
        self.seen, self.held_out = map(new.samples, (self.seen, self.held_out))
        self._run = self._run_as_before(before.batch_size)
        self.run.record = new.record(before.record)
        self.run.begin(self.seen)
        self.run.training.standardise_as(before.training)
        self.run.training.extend(self.seen, len(self.seen), self.n_calls)
        self.run.training.train_ahead(self.seen, self.held_out, self.n_calls)

    def _encoded(self, X, targets, train_rows):
        if self._run is None:
            return fit_encoded(self.encoder, X, targets, train_rows)
        return encoded(self.encoder, X)

    def _read_unlabelled(self):
        if self.unlabelled is None:
            return
        if self.encoder is not None:
            self.unlabelled = encoded(self.encoder, self.unlabelled)
        rows = as_rows(in_dtype(self.unlabelled, self.run.input_dtype))
        self.unlabelled = rows.to(self.run.training.template.device)
        self.run.check_unlabelled(self.unlabelled)

    def _first(self, new, held_out):
        self.run.begin(new, held_out)
        self.seen, self.held_out = new, held_out
        self.run.training.extend(self.seen, len(new), 1)
        self._measure(new[:0], 1)
        return self._answer()

    def _next(self, new, held_out):
        self.run.check(new, held_out)
        if self.n_calls == 2:
            # Only a handful of held-out samples spoke for the first size.
            self.run.record = Record()
        self.held_out = self.held_out + held_out
        self._measure(new, self.n_calls - 1)
        self.seen = self.seen + new
        self.run.training.extend(self.seen, len(new), self.n_calls)
        self.run.training.train_ahead(self.seen, self.held_out, self.n_calls)
        return self._answer()

    def _measure(self, upcoming, k):
        fresh = Fresh(upcoming, self.held_out, self.unlabelled)
        self.run.measure(self.seen, fresh, k)

    def _answer(self):
        self.run.n_train = len(self.seen)
        return self.run.answer()

    def _split(self, n):
        if n < 2:
            raise ValueError(
                f"partial_fit got {n} sample; a batch needs at least 2, one to train "
                "on and one to hold out."
            )
        order = np.random.default_rng([self.seed, self.n_calls, 3]).permutation(n)
        fraction = self.settings.validation_fraction
        share = HELD_OUT_SHARE if fraction == "auto" else fraction
        n_held_out = min(max(1, round(share * n)), n - 1)
        return order[n_held_out:], order[:n_held_out]

    def _start(self, X, n_train):
        size = self.settings.batch_size
        size = n_train if size == "auto" else resolve_batch_size(size, n_train)
        return self._new_run(X, size)

    def _run_as_before(self, batch_size):
        """A new run of samples like those that have come."""
        return self._new_run(self.seen.X[:FEW].cpu().numpy(), batch_size)

    def _new_run(self, X, batch_size):
        how = self.settings, self.seed
        return Run(self.estimator, self.task, X, batch_size, *how)
