"""Paper B: surfaces, eigenvalues, Delta, formula (2) and plateau as the set grows."""

import numpy as np
from scipy.stats import linregress
from sklearn.exceptions import ConvergenceWarning

from sufficient import LandscapeDisplay, SampleSizeEstimator
from sufficient.decision.stopping import forecast_sample_size

from ..common.quiet import quiet
from .data import available, images
from .settings import Settings

__all__ = ["CURVES", "measure"]

# The paper's own, for the data it has.
TOLERANCES = {"MNIST": 0.025, "Fashion-MNIST": 0.030, "digits": 0.5}
CURVES = ("delta", "projected", "eigenvalue")
BOUNDS = {"delta": "monte_carlo", "projected": "projected", "eigenvalue": "eigenvalue"}
KEPT = (
    *("batch_count", "train_size", "delta", "delta_std_err", "projected"),
    *("eigenvalue", "eigenvalue_std_err", "one_batch", "level_share"),
    *("gradient_norm", "train_loss", "fresh_loss", "validation_score"),
)
# No curve is ever below it, so that every run goes to the end of the data.
UNREACHABLE = 1e-12


def measure(settings: Settings) -> dict:
    """Several seeds on every data set, to the end of the data."""
    runs = [
        _run(data, seed, settings)
        for data in available(settings.grown_data)
        for seed in range(settings.n_runs)
    ]
    return {"runs": runs}


def _run(data, seed, settings):
    X, y = images(data, settings.n_samples)
    est = SampleSizeEstimator(tol=UNREACHABLE, random_state=seed)
    with quiet(ConvergenceWarning):
        est.fit(X, y)
    curves = est.curves_
    return {
        "data": data,
        "seed": seed,
        "tol": TOLERANCES[data],
        "curves": {name: curves[name] for name in KEPT},
        "eigenvalues": est.eigenvalues_,
        "eigenvalue_shifts": est.curve_.eigenvalue_shifts,
        "relative_shifts": est.plateau_.relative_shifts,
        "plateau": _found(est.plateau_.forecast, est.batch_size_),
        "k_star": {name: _k_star(est, name, TOLERANCES[data]) for name in CURVES},
        "rates": {name: _rate(curves, name) for name in CURVES},
        "eigenvalue_rates": [_slope(est.train_sizes_, one) for one in _positive(est)],
        "formula_below": {
            name: float((curves["eigenvalue"] < curves[name]).mean())
            for name in ("delta", "one_batch")
        },
        "formula_ratio": float(np.median(curves["eigenvalue"] / curves["delta"])),
        "surfaces": _surfaces(est, X, y) if seed == 0 else None,
    }


def _positive(est):
    return np.maximum(est.eigenvalues_, np.finfo(np.float32).tiny).T


def _rate(curves, name):
    """Slope of the logarithms over all sizes, and over the later half of them."""
    k, values = curves["batch_count"], curves[name]
    half = len(k) // 2
    return [_slope(k, values), _slope(k[half:], values[half:])]


def _slope(x, y):
    return linregress(np.log(x), np.log(y)).slope


def _k_star(est, name, tol):
    forecast = forecast_sample_size(
        est.train_sizes_,
        est.curves_[name],
        tol=tol,
        patience=est.patience,
        bound=BOUNDS[name],
    )
    return _found(forecast, est.batch_size_)


def _found(forecast, batch_size):
    """Batches, and whether they were reached within the data."""
    return {
        "batches": -(-forecast.n_samples // batch_size),
        "reached": bool(forecast.converged),
    }


def _surfaces(est, X, y):
    from matplotlib.pyplot import close

    display = LandscapeDisplay.from_estimator(est, X, y)
    close(display.figure_)
    names = ("offsets", "losses", "increments", "train_sizes")
    return {name: getattr(display, name) for name in names}
