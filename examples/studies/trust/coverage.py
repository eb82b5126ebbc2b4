"""Is each bound above the Monte-Carlo Delta, and how tight is it?"""

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
    head = {"pair": pair.name, "seed": seed, "sigma": sigma}
    n_sizes = len(curve.columns["delta"])
    return [{**head, **_cell(curve.columns, i)} for i in range(n_sizes)]


def _cell(columns, i):
    """Numbers of the size with index i."""
    at = {name: float(values[i]) for name, values in columns.items()}
    lower = at["delta"] - 2 * at["delta_std_err"]
    return {
        "n": int(at["train_size"]),
        "expected_rise": at["expected_rise"],
        **{f"{name}_covers": lower <= at[name] for name in BOUNDS},
        **{f"{name}_ratio": at[name] / at["delta"] for name in BOUNDS},
    }
