"""Reference fits, to check that a refactoring does not change any number.

``store`` fits every reference on one thread, and stores its numbers, a checkpoint and a
saved estimator. ``compare`` fits them again with the present code. It checks that every
number is the same to the last bit, and that the stored checkpoint and estimator can
still be read. Run from the root of a clone with the extra ``test`` installed:

    python -m examples.studies.references store FOLDER
    python -m examples.studies.references compare FOLDER

Compare only on the same machine with the same version of torch; otherwise the last bits
may differ.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from sklearn.datasets import make_friedman1, make_multilabel_classification
from threadpoolctl import threadpool_limits

from sufficient import SampleSizeEstimator
from sufficient.datasets import load_digits_images, load_fashion_mnist
from sufficient.nets import default_net

from .common.needs import require, without_files
from .common.quiet import quiet


@dataclass(frozen=True)
class Reference:
    """Data and an estimator; with `n_calls`, it is fitted in calls of `partial_fit`."""

    load: Callable
    estimator: Callable[[], SampleSizeEstimator]
    n_calls: int = 0


# The training set stops growing where the landscape is stable, as in paper B.
ALGORITHM_1 = {"stop": "landscape", "refit": False}


def _friedman():
    return make_friedman1(n_samples=1500, random_state=0)


def _labels():
    X, y = make_multilabel_classification(n_samples=1200, random_state=0)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


def _asking(net="mlp", **parameters):
    how = {"training": "update", "random_state": 0, **ALGORITHM_1, **parameters}
    return SampleSizeEstimator(net() if callable(net) else net, **how)


_MULTILABEL = partial(default_net, criterion=torch.nn.BCEWithLogitsLoss)
_REGRESSION = partial(default_net, regression=True)
_FASHION = partial(load_fashion_mnist, n_samples=6000)

REFERENCES = {
    "digits": Reference(load_digits_images, _asking),
    "fashion-update": Reference(_FASHION, partial(_asking, schedule=1.3)),
    "fashion-restart": Reference(
        partial(load_fashion_mnist, n_samples=2500),
        partial(_asking, training="restart", schedule=1.5, sigma="auto"),
    ),
    "fashion-full": Reference(
        partial(load_fashion_mnist, n_samples=2500),
        partial(_asking, training="full", schedule=1.3),
    ),
    "cnn": Reference(
        partial(load_digits_images, n_samples=900),
        partial(_asking, "cnn", schedule=1.5, bound="monte_carlo"),
    ),
    "regression": Reference(_friedman, partial(_asking, _REGRESSION)),
    "multi-label": Reference(
        _labels, partial(_asking, _MULTILABEL, scoring="roc_auc", schedule=1.3)
    ),
    "session": Reference(load_digits_images, _asking, n_calls=8),
}


def fitted(reference: Reference, checkpoint: Path) -> SampleSizeEstimator:
    """Fit a reference by `fit` or by several calls of `partial_fit`."""
    X, y = reference.load()
    estimator = reference.estimator()
    if not reference.n_calls:
        return estimator.set_params(checkpoint=checkpoint).fit(X, y)
    for rows in np.array_split(np.arange(len(X)), reference.n_calls):
        estimator.partial_fit(X[rows], y[rows])
    return estimator


def numbers(estimator: SampleSizeEstimator) -> dict[str, np.ndarray]:
    """All measurements and results by name, except times."""
    curve, X = estimator.curve_, np.zeros((2, *estimator._input_shape), np.float32)
    weights = estimator.estimator_.module_.state_dict()
    return {
        **{f"curves_{k}": v for k, v in curve.columns.items() if "seconds" not in k},
        **{f"weights_{name}": value.numpy() for name, value in weights.items()},
        "eigenvalues": curve.eigenvalues,
        "eigenvalue_shifts": curve.eigenvalue_shifts,
        "eigenvectors": curve.eigenvectors.numpy(),
        "n_samples_needed": np.array(estimator.n_samples_needed_),
        "interval": np.array(estimator.n_samples_needed_interval_),
        "gain": np.array(
            [estimator.expected_gain_, *estimator.expected_gain_interval_]
        ),
        "verdict": np.array(estimator.verdict_),
        "predictions": np.asarray(estimator.predict(X)),
    }


def store(folder: Path) -> None:
    """Fit every reference and store the results."""
    for name, reference in REFERENCES.items():
        estimator = fitted(reference, folder / name / "checkpoint")
        estimator.save(folder / name / "saved")
        np.savez(folder / name / "numbers.npz", **numbers(estimator))
        print(f"{name}: stored, {len(estimator.train_sizes_)} sizes", flush=True)


def compare(folder: Path) -> bool:
    """Fit every reference again; print and return whether the results are the same."""
    found = {name: _differences(folder / name, r) for name, r in REFERENCES.items()}
    for name, differences in found.items():
        print(f"{name}: {'; '.join(differences) or 'identical'}", flush=True)
    return not any(found.values())


def _differences(folder, reference):
    stored = dict(np.load(folder / "numbers.npz"))
    with TemporaryDirectory() as fresh:
        again = fitted(reference, Path(fresh))
    checks = {"fit": again, "saved folder": _loaded(folder, reference)}
    if not reference.n_calls:
        checks["checkpoint"] = fitted(reference, folder / "checkpoint")
    return [
        f"{what}: {name} differs"
        for what, estimator in checks.items()
        for name in _unequal(stored, numbers(estimator))
    ]


def _loaded(folder, reference):
    net = reference.estimator().estimator
    given = None if net is None or isinstance(net, str) else net
    return SampleSizeEstimator.load(folder / "saved", estimator=given)


def _unequal(stored, now):
    for name in sorted(stored.keys() | now.keys()):
        a, b = stored.get(name), now.get(name)
        floats = a is not None and np.asarray(a).dtype.kind == "f"
        if a is None or b is None or not np.array_equal(a, b, equal_nan=floats):
            yield name


def main() -> int:
    """Store or compare, as chosen on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["store", "compare"])
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    require(without_files([load_fashion_mnist]))
    torch.set_num_threads(1)
    with threadpool_limits(1), quiet():
        if args.action == "compare":
            return int(not compare(args.folder))
        store(args.folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
