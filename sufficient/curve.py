"""Grow the training set, train, measure, decide: Algorithm 1 of paper B."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, check_X_y
from sklearn.utils._param_validation import validate_params
from tqdm.auto import tqdm

from sufficient.checks import check_class_counts
from sufficient.constraints import PARAMETER_CONSTRAINTS
from sufficient.growth import batch_counts, grow
from sufficient.objects import Objects
from sufficient.preparation import is_regression
from sufficient.results import SampleSizeCurve
from sufficient.run import GrowingRun, RunSettings
from sufficient.summary import weaknesses
from sufficient.task import Classification, Regression

__all__ = ["CurvePlan", "plan_curve", "sample_size_curve", "task_of"]


@dataclass(frozen=True)
class CurvePlan:
    """A run that can start: which objects enter when, and where to measure.

    Attributes
    ----------
    run : GrowingRun
        Trains, measures and decides.
    pool : Objects
        Training objects in the order in which they are added.
    held_out : Objects
        Objects that are never trained on.
    batch_counts : ndarray of int
        Batch counts at which to measure.
    train_indices, validation_indices : ndarray of int
        Where the objects of the pool and the held-out ones stand in X.
    """

    run: GrowingRun
    pool: Objects
    held_out: Objects
    batch_counts: np.ndarray
    train_indices: np.ndarray
    validation_indices: np.ndarray

    def follow(self, verbose: int = 0) -> None:
        """Algorithm 1: add a batch, train, measure, until the landscape has settled."""
        try:
            self._follow(verbose)
        except BaseException:
            self.run.rewind()
            raise
        for sentence in weaknesses(self.run.answer(), self.run.settings):
            warnings.warn(sentence, ConvergenceWarning, stacklevel=4)

    def _follow(self, verbose):
        run, size = self.run, self.run.batch_size
        run.begin(self.pool)
        progress = tqdm(range(1, self.batch_counts[-1] + 1), disable=not verbose)
        for k in progress:
            seen, upcoming = self.pool[: k * size], self.pool[k * size :]
            run.train(seen, size, k)
            if k in self.batch_counts:
                measurement = run.measure(seen, upcoming, self.held_out, k)
                progress.set_postfix(_in_words(measurement))
                if run.has_settled():
                    break


@validate_params(PARAMETER_CONSTRAINTS, prefer_skip_nested_validation=False)
def sample_size_curve(
    estimator,
    X,
    y,
    *,
    tol: float = 0.025,
    batch_size: int | str = "auto",
    n_directions: int = 10,
    sigma: float | str = 1.0,
    bound: str = "projected",
    n_monte_carlo: int = 64,
    training: str = "update",
    min_gain: float = 0.01,
    patience: int = 2,
    validation_fraction: float | str = "auto",
    schedule: str | float | Sequence[int] = "geometric",
    update_epochs: int = 20,
    n_fresh: int = 2048,
    n_candidates: int = 4,
    eigen_tol: float = 1e-3,
    device: str | None = None,
    random_state=None,
    verbose: int = 0,
) -> SampleSizeCurve:
    """Loss-landscape change against training-set size, and the size that suffices.

    The function behind `SampleSizeEstimator`, for those who want the numbers and not a
    fitted estimator. Parameters from `tol` on are those of the estimator.

    Parameters
    ----------
    estimator : skorch net, "mlp", "cnn" or None
        Cloned, never modified; None is "mlp".
    X : array-like of shape (n_samples, n_features) or (n_samples, channels, height, \
width)
        Objects.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Labels, or regression targets.

    Returns
    -------
    SampleSizeCurve

    See Also
    --------
    SampleSizeEstimator : The same with scikit-learn's manners.
    sklearn.model_selection.learning_curve : Scores, not landscapes, along sizes.

    Examples
    --------
    >>> from sufficient import sample_size_curve
    >>> from sufficient.datasets import load_digits_images
    >>> X, y = load_digits_images(n_samples=400)
    >>> curve = sample_size_curve("mlp", X, y, schedule=[2, 3, 5], random_state=0)
    >>> curve.columns["batch_count"].astype(int).tolist()
    [2, 3, 5]
    """
    settings = RunSettings(
        tol=tol,
        batch_size=batch_size,
        n_directions=n_directions,
        sigma=sigma,
        bound=bound,
        n_monte_carlo=n_monte_carlo,
        training=training,
        min_gain=min_gain,
        patience=patience,
        validation_fraction=validation_fraction,
        schedule=schedule,
        update_epochs=update_epochs,
        n_fresh=n_fresh,
        n_candidates=n_candidates,
        eigen_tol=eigen_tol,
        device=device,
    )
    regression = is_regression(estimator)
    X, y = check_X_y(
        X,
        y,
        dtype=np.float32,
        allow_nd=True,
        multi_output=regression,
        y_numeric=regression,
        ensure_min_samples=4,
        estimator="sample_size_curve",
    )
    plan = plan_curve(estimator, X, y, settings, random_state)
    plan.follow(verbose)
    return plan.run.answer()


def plan_curve(
    estimator, X: np.ndarray, y: np.ndarray, settings: RunSettings, random_state
) -> CurvePlan:
    """Set a run up from validated data.

    Parameters
    ----------
    estimator : skorch net, "mlp", "cnn" or None
        What to train.
    X : ndarray of shape (n_samples, ...), float32
        Objects.
    y : ndarray of shape (n_samples,) or (n_samples, n_targets)
        Labels, or regression targets.
    settings : RunSettings
        How.
    random_state : int, RandomState instance or None
        Source of the run's seed.

    Returns
    -------
    CurvePlan
    """
    seed = int(check_random_state(random_state).randint(2**31 - 1))
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
        Objects.for_net(run.net, X[rows], targets[rows])
        for rows in (growth.train_indices, growth.validation_indices)
    )
    return CurvePlan(
        run=run,
        pool=pool,
        held_out=held_out,
        batch_counts=batch_counts(settings.schedule, growth.n_batches),
        train_indices=growth.train_indices,
        validation_indices=growth.validation_indices,
    )


def task_of(estimator, y: np.ndarray, classes=None) -> Classification | Regression:
    """Regression for a regressor, classification for everything else."""
    if is_regression(estimator):
        return Regression.of(np.asarray(y, dtype=np.float64))
    return Classification.of(y, classes)


def _in_words(measurement):
    columns = measurement.columns
    return {
        "samples": int(columns["train_size"]),
        "delta": f"{columns['delta']:.3g}",
        "bound": f"{columns['projected']:.3g}",
        "score": f"{columns['validation_score']:.3f}",
    }
