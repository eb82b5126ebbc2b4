"""The default networks, and their peers tuned by cross-validation."""

from __future__ import annotations

from collections.abc import Iterator

from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sufficient import SampleSizeEstimator
from sufficient.nets import default_net

from ..common.clock import timed
from .data import DataSet

__all__ = ["LINEAR", "TUNED", "default_nets", "peers"]

TUNED, LINEAR = "tuned MLP", "tuned linear model"
HELD_OUT = 0.2
WIDTHS, PENALTIES = [(64,), (128, 64)], [0.01, 1.0]
MANY = 2_000


def default_nets(data: DataSet, seed: int) -> Iterator[tuple[str, dict]]:
    """What each default network scores, after it has seen unscaled columns."""
    parts = data.split(seed)
    # Two batches, measured at the second: it is the score of all the data that counts.
    half = int((1 - HELD_OUT) * len(parts[0])) // 2
    only_all = {"batch_size": half, "schedule": [2], "validation_fraction": HELD_OUT}
    # Convolutions take long.
    for name in ("mlp", "cnn") if data.are_images and not seed else ("mlp",):
        net = default_net(name, regression=data.is_regression)
        est = SampleSizeEstimator(net, random_state=seed, n_directions=1, **only_all)
        yield name, _scored(est, parts)


def peers(data: DataSet, seed: int) -> Iterator[tuple[str, dict]]:
    """What the tuned peers score, refitted on the whole training part."""
    X, X_test, *targets = data.split(seed)
    n, how, scaler = len(X), {"random_state": seed}, StandardScaler()
    if data.are_images:
        X, X_test, scaler = X / data.white, X_test / data.white, "passthrough"
    # One validation part has samples enough for the choice where there are many.
    folds = 3 if n < MANY else ShuffleSplit(1, test_size=0.2, **how)
    for name, (model, grid) in _models(data, n, how).items():
        search = GridSearchCV(make_pipeline(scaler, model), grid, cv=folds)
        yield name, _scored(search, (X, X_test, *targets))


def _models(data, n, how):
    # With few samples, the penalty alone does better than a part set apart.
    nets = {"max_iter": 500, "early_stopping": n >= MANY, **how}
    widths = {"hidden_layer_sizes": WIDTHS if n < MANY else WIDTHS[1:]}
    if data.is_regression:
        mlp = TransformedTargetRegressor(
            MLPRegressor(**nets), transformer=StandardScaler()
        )
        return {
            TUNED: (mlp, _named(mlp, "regressor__", alpha=PENALTIES, **widths)),
            LINEAR: (Ridge(), _named(Ridge(), alpha=[0.1, 1, 10, 100])),
        }
    mlp, linear = MLPClassifier(**nets), LogisticRegression(max_iter=1000)
    return {
        TUNED: (mlp, _named(mlp, alpha=PENALTIES, **widths)),
        LINEAR: (linear, _named(linear, C=[0.01, 0.1, 1, 10])),
    }


def _named(model, inner="", **grid):
    step = type(model).__name__.lower()
    return {f"{step}__{inner}{name}": values for name, values in grid.items()}


def _scored(model, parts):
    X, X_test, y, y_test = parts
    fitted = timed(model.fit, X, y)
    return {"score": model.score(X_test, y_test), "cpu_seconds": fitted.cpu}
