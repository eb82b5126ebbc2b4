"""Is each bound above the Monte-Carlo Delta, and how tight is it?"""

import numpy as np

from sufficient.curve import sample_size_curve

from .traces import NEVER

__all__ = ["SIGMAS", "coverage"]

SIGMAS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, "auto")
COUNTS = (6, 10, 16, 26, 42)
SMALL_COUNTS = (4, 6, 9, 13, 18)
BOUNDS = ("projected", "one_batch", "eigenvalue")


def coverage(pair, seed, sigma) -> list[dict]:
    """One row for each size: the bounds, and Delta with its standard error."""
    data = pair.load()
    curve = sample_size_curve(
        pair.estimator(),
        data.X,
        data.y,
        tol=NEVER,
        schedule=SMALL_COUNTS if len(data.X) < 5_000 else COUNTS,
        sigma=sigma,
        random_state=seed,
    )
    columns = curve.columns
    lower = columns["delta"] - 2 * columns["delta_std_err"]
    return [
        {
            "pair": pair.name,
            "seed": seed,
            "sigma": sigma,
            "n": int(columns["train_size"][i]),
            "expected_rise": float(columns["expected_rise"][i]),
            **{f"{name}_covers": bool(lower[i] <= columns[name][i]) for name in BOUNDS},
            **{
                f"{name}_ratio": float(columns[name][i] / columns["delta"][i])
                for name in BOUNDS
            },
        }
        for i in np.arange(len(lower))
    ]
