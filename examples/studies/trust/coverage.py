"""Is each bound above the Monte-Carlo Delta, and how tight is it?"""

from __future__ import annotations

from sufficient.curve import sample_size_curve

from .pairs import Pair

__all__ = ["SIGMAS", "coverage"]

SIGMAS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, "auto")
N_GIVEN, SIZES = 5_120, (6, 10, 16, 26, 42)
BOUNDS = ("projected", "one_batch", "eigenvalue")


def coverage(pair: Pair, seed: int, sigma: float | str) -> list[dict]:
    """One row for each size: the bounds, and Delta with its standard error."""
    X, y = pair.load().given(N_GIVEN, seed)
    sizes = SIZES if len(X) == N_GIVEN else SIZES[:3]
    curve = sample_size_curve(
        pair.estimator(),
        X,
        y,
        stop="never",
        schedule=sizes,
        sigma=sigma,
        random_state=seed,
    )
    head = {"pair": pair.name, "seed": seed, "sigma": sigma}
    return [{**head, **_cell(curve.columns, i)} for i in range(len(sizes))]


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
