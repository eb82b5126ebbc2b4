"""Paper B's table of thresholds, with nets that are updated and with converged ones."""

import numpy as np

from ..common.clock import timed
from ..common.store import cached
from .data import available, images
from .growth import BOUNDS, KEPT, TOLERANCES, formula_2, grown, k_star, rate
from .settings import Settings

__all__ = ["PRINTED", "measure"]

# k*, loss and seconds as printed in the paper.
PRINTED = {
    ("Fashion-MNIST", "128-64"): (90, 0.017, 4400),
    ("MNIST", "128-64"): (40, 0.010, 3500),
    ("MNIST", "128"): (100, 0.013, 2000),
    ("Fashion-MNIST", "128"): (120, 0.020, 2100),
    ("Fashion-MNIST", "CNN"): (70, 0.015, 2400),
    ("MNIST", "CNN"): (60, 0.024, 1800),
}
BATCH_SIZE = 64
# Both trainings are compared from here on; only one of them measures smaller sets.
FIRST_K = 4


def measure(settings: Settings) -> dict:
    """Every row of the table with both trainings and several seeds."""
    here = available(settings.grown_data)
    fits = [
        _fit(settings, data, net, training, seed)
        for data, net, training, n_seeds in settings.rows
        for seed in range(n_seeds)
        if data in here
    ]
    return {"cpu_seconds": sum(fit["cpu_seconds"] for fit in fits), "fits": fits}


def _fit(settings, *what):
    """What the table says of one fit; the fit itself is stored at once in a file."""
    name = "-".join(map(str, (*what, settings.n_samples)))
    path = settings.folder / "papers-thresholds" / f"{name}.json"
    found = cached(path, _grow, *what, settings.n_samples)
    curves = {name: np.array(column) for name, column in found["curves"].items()}
    return {
        **dict(zip(("data", "net", "training", "seed"), what, strict=True)),
        "cpu_seconds": found["cpu_seconds"],
        **_thresholds(curves, TOLERANCES[what[0]]),
        **_rates(curves),
    }


def _grow(data, net, training, seed, n_samples):
    """Columns of one fit to the end of the data, and its seconds."""
    found = timed(
        grown,
        *images(data, n_samples),
        seed,
        net,
        tol=TOLERANCES[data],
        training=training,
        batch_size=BATCH_SIZE,
        n_candidates=1,  # the paper's formula (2) is for one next batch
    )
    curves = {name: found.result.curves_[name] for name in KEPT}
    return {"cpu_seconds": found.cpu, "curves": curves}


def _thresholds(curves, tol):
    """Where each curve is below the tolerance, and loss and accuracy there."""
    found = {name: k_star(curves, name, tol, BATCH_SIZE) for name in BOUNDS}
    needed = found["projected"]["batches"] or np.inf
    at = np.abs(curves["batch_count"] - needed).argmin()
    below = np.flatnonzero(curves["eigenvalue"] < tol)
    return {
        "tol": tol,
        "k_star": found,
        "first_below": curves["batch_count"][below[0]] if len(below) else None,
        "loss": curves["train_loss"][at],
        "score": curves["validation_score"][at],
    }


def _rates(curves):
    """How fast Delta falls, whether formula (2) covers it, and the last gradient."""
    late = curves["batch_count"] >= FIRST_K
    curves = {name: column[late] for name, column in curves.items()}
    return {
        "rate": rate(curves, "delta"),
        "gradient_norm": curves["gradient_norm"][-1],
        **formula_2(curves),
    }
