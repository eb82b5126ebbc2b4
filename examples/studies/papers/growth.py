"""Paper B: the measurements of Algorithm 1 as the training set grows."""

from functools import partial

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sufficient import LandscapeDisplay, SampleSizeEstimator
from sufficient.decision.stopping import forecast_sample_size
from sufficient.nets import default_net

from ..common.quiet import quiet
from .curves import log_slope
from .data import available, images
from .settings import Settings

__all__ = [
    "BOUNDS",
    "KEPT",
    "TOLERANCES",
    "formula_2",
    "grown",
    "k_star",
    "measure",
    "rate",
]

# The tolerances of the paper, for the data sets that it uses.
TOLERANCES = {"MNIST": 0.025, "Fashion-MNIST": 0.030, "digits": 0.5}
# Name of a curve: the value of `bound` with which the estimator uses it.
BOUNDS = {"delta": "monte_carlo", "projected": "projected", "eigenvalue": "eigenvalue"}
PATIENCE = 2
KEPT = (
    *("batch_count", "train_size", "delta", "delta_std_err", "projected"),
    *("eigenvalue", "eigenvalue_std_err", "one_batch", "level_share"),
    *("gradient_norm", "train_loss", "fresh_loss", "validation_score"),
)


def measure(settings: Settings) -> dict:
    """Runs with several seeds on every data set, to the end of the data."""
    runs = [
        _run(data, seed, *images(data, settings.n_samples))
        for data in available(settings.grown_data)
        for seed in range(settings.n_runs)
    ]
    return {"runs": runs}


def grown(X, y, seed: int, net: str = "128-64", **params) -> SampleSizeEstimator:
    """A fit that grows the training set to the end of the data.

    Parameters
    ----------
    X, y
        Samples and labels.
    seed : int
        Of the fit.
    net : str, default="128-64"
        Widths of the hidden layers, or "CNN".
    **params
        Parameters of the estimator. If ``training`` is not among them, one network goes
        on training on the grown set, as in the paper.
    """
    settings = {"training": "update", "stop": "never", **params}
    est = SampleSizeEstimator(_network(net), random_state=seed, **settings)
    with quiet(ConvergenceWarning):
        return est.fit(X, y)


def _network(name):
    # As in the paper, the pixels are in [-1, 1] and not standardised further.
    as_given = partial(default_net, module__standardise=False)
    if name == "CNN":
        return as_given("cnn")
    return as_given("mlp", module__hidden_sizes=tuple(map(int, name.split("-"))))


def _run(data, seed, X, y):
    tol = TOLERANCES[data]
    est = grown(X, y, seed, tol=tol)
    return {
        "data": data,
        "seed": seed,
        "tol": tol,
        "curves": {name: est.curves_[name] for name in KEPT},
        "eigenvalues": est.eigenvalues_,
        "eigenvalue_shifts": est.curve_.eigenvalue_shifts,
        "relative_shifts": est.plateau_.relative_shifts,
        "plateau": _in_batches(est.plateau_.forecast, est.batch_size_),
        "k_star": {
            name: k_star(est.curves_, name, tol, est.batch_size_) for name in BOUNDS
        },
        **_rates(est),
        **formula_2(est.curves_),
        "surfaces": _surfaces(est, X, y) if seed == 0 else None,
    }


def _rates(est):
    """Exponents of the power laws through the curves and through the eigenvalues."""
    values = np.maximum(est.eigenvalues_, np.finfo(np.float32).tiny).T
    sizes = np.log(est.train_sizes_)
    return {
        "rates": {name: rate(est.curves_, name) for name in BOUNDS},
        "eigenvalue_rates": [log_slope(sizes, one) for one in values],
    }


def rate(curves: dict, name: str) -> list[float]:
    """The exponent over all sizes, and over the later half of them."""
    k, values = np.log(curves["batch_count"]), curves[name]
    half = len(k) // 2
    return [log_slope(k, values), log_slope(k[half:], values[half:])]


def formula_2(curves: dict) -> dict:
    """Comparison of formula (2) with Monte-Carlo Delta and with formula (1)."""
    formula = curves["eigenvalue"]
    return {
        "formula_below": {
            name: float((formula < curves[name]).mean())
            for name in ("delta", "one_batch")
        },
        "formula_ratio": float(np.median(formula / curves["delta"])),
    }


def k_star(curves: dict, name: str, tol: float, batch_size: int) -> dict:
    """The size from which the curve stays below the tolerance."""
    forecast = forecast_sample_size(
        curves["train_size"],
        curves[name],
        tol=tol,
        patience=PATIENCE,
        bound=BOUNDS[name],
    )
    return _in_batches(forecast, batch_size)


def _in_batches(forecast, batch_size):
    """Number of batches, and whether it was reached within the data."""
    needed = forecast.n_samples
    return {
        "batches": None if needed is None else -(-needed // batch_size),
        "reached": bool(forecast.converged),
    }


def _surfaces(est, X, y):
    from matplotlib.pyplot import close

    display = LandscapeDisplay.from_estimator(est, X, y)
    close(display.figure_)
    names = ("offsets", "losses", "increments", "train_sizes")
    return {name: getattr(display, name) for name in names}
