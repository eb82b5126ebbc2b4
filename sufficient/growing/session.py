"""A labelling session: every batch that arrives is measured on, then trained on."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from sufficient.data.dtypes import in_dtype
from sufficient.data.samples import Samples
from sufficient.data.task import Task
from sufficient.data.tasks import as_task, task_state
from sufficient.growing.growth import Fresh
from sufficient.growing.run import Run
from sufficient.growing.schedule import resolve_batch_size
from sufficient.reproducibility.agreement import check_same_problem
from sufficient.results import Record, SampleSizeCurve
from sufficient.settings import Settings
from sufficient.training.criteria import net_for
from sufficient.training.strategies import STRATEGIES
from sufficient.typing import Net

__all__ = ["LabellingSession"]

HELD_OUT_SHARE = 0.2


class LabellingSession:
    """State of a run whose batches come from outside, one call at a time.

    Part of every batch is held out. The rest first serves as the fresh samples on which
    the net trained so far is measured, and is then trained on.

    Parameters
    ----------
    estimator : None, "mlp", "cnn" or skorch net
        Cloned, never modified.
    task : Task
        Fixed by the first batch.
    settings : Settings
        How to train, measure and decide.
    seed : int
        Source of all randomness.
    """

    def __init__(
        self,
        estimator: Net,
        task: Task,
        settings: Settings,
        seed: int,
    ) -> None:
        if STRATEGIES[settings.training].is_one_net:
            raise ValueError(
                f"training={settings.training!r} needs all the data at once. Use "
                "'update' or 'restart' with partial_fit."
            )
        self.estimator, self.task = net_for(estimator, task), task
        self.settings, self.seed = settings, seed
        self.n_calls = 0
        self._run: Run | None = None
        self.seen: Samples
        self.held_out: Samples

    @property
    def run(self) -> Run:
        """Training, measurements and record; there are none before the first batch."""
        if self._run is None:
            raise ValueError("No batch has arrived yet.")
        return self._run

    def arrive(self, X: Any, y: np.ndarray) -> SampleSizeCurve:
        """Take in the next labelled batch and answer afresh.

        Parameters
        ----------
        X : ndarray or Fields of shape (n, ...)
            Samples of the batch.
        y : ndarray of shape (n,) or (n, n_targets)
            Their labels or targets.

        Returns
        -------
        SampleSizeCurve
        """
        check_same_problem(X=X, y=y, settings=self.settings, n_calls=self.n_calls)
        before, run = vars(self).copy(), copy.deepcopy(self._run)
        try:
            return self._arrive(X, self.task.encode(y))
        except BaseException:
            # As if the batch had not come, so that it can come again.
            vars(self).update(before, _run=run)
            raise

    def state(self) -> dict[str, Any]:
        """What the session needs to go on, its labelled samples included."""
        return {
            "task": task_state(self.task),
            "settings": self.settings.plain(),
            "seed": self.seed,
            "n_calls": self.n_calls,
            "batch_size": self.run.batch_size,
            "run": self.run.state(),
            "seen": self.seen.state(),
            "held_out": self.held_out.state(),
        }

    @classmethod
    def resumed(
        cls, estimator: Net, state: dict[str, Any], device: str | None
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

        Returns
        -------
        LabellingSession
        """
        settings = Settings(**{**state["settings"], "device": device})
        self = cls(estimator, as_task(state["task"]), settings, state["seed"])
        parts = [Samples.resumed(state[part]) for part in ("seen", "held_out")]
        X: Any = parts[0].X
        X, size = X.numpy(), state["batch_size"]
        self._run = Run(self.estimator, self.task, X, size, settings, self.seed)
        self.run.resume(state["run"])
        self.n_calls = state["n_calls"]
        device = self.run.training.template.device
        self.seen, self.held_out = (part.to(device) for part in parts)
        self.run.n_train = len(self.seen)
        return self

    def _arrive(self, X, targets):
        train_rows, held_out_rows = self._split(len(X))
        if self._run is None:
            self._run = self._start(X, len(train_rows))
        X = in_dtype(X, self._run.input_dtype)
        new, held_out = (
            Samples.for_net(self.run.training.template, X[rows], targets[rows])
            for rows in (train_rows, held_out_rows)
        )
        self.n_calls += 1
        if self.n_calls == 1:
            return self._first(new, held_out)
        return self._next(new, held_out)

    def _first(self, new, held_out):
        self.run.begin(new)
        self.seen, self.held_out = new, held_out
        self.run.training.extend(self.seen, len(new), 1)
        self.run.measure(self.seen, Fresh(new[:0], held_out), 1)
        return self._answer()

    def _next(self, new, held_out):
        if self.n_calls == 2:
            # Only a handful of held-out samples spoke for the first size.
            self.run.record = Record()
        self.held_out = self.held_out + held_out
        self.run.measure(self.seen, Fresh(new, self.held_out), self.n_calls - 1)
        self.seen = self.seen + new
        self.run.training.extend(self.seen, len(new), self.n_calls)
        self.run.training.train_ahead(self.seen, self.held_out, self.n_calls)
        return self._answer()

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
        return Run(self.estimator, self.task, X, size, self.settings, self.seed)
