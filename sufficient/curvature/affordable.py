"""Whether the plane of the landscape fits in memory and in an hour."""

from __future__ import annotations

import torch

from sufficient.reproducibility.devices import memory_of

__all__ = ["check_affordable"]

# Operations a second that a slow device of the kind makes of these products.
SPEEDS = {"cpu": 5e9, "cuda": 5e11}
HOUR = 3600.0
# The default. For nets where these take an hour, so does every other step.
ALWAYS = 10


def check_affordable(
    n_directions: int, n_parameters: int, n_samples: int, device: str
) -> None:
    """Refuse a plane that does not fit in memory, or takes an hour at every size.

    The Krylov space has 2 d vectors at least, each with its product; every sample has a
    Hessian of d x d. Each new vector is made orthogonal to all others.

    Parameters
    ----------
    n_directions, n_parameters : int
        Dimension d of the plane, and of the weights.
    n_samples : int
        Samples whose loss is projected onto the plane.
    device : str
        Where that is computed.

    Raises
    ------
    ValueError
        With the estimate of memory or time.

    Examples
    --------
    >>> check_affordable(100, 20_000, 2048, "cpu")
    """
    d, p = float(n_directions), float(n_parameters)
    n_vectors = min(2 * d, p)
    needed = 4 * p * (2 * n_vectors + d) + 8 * n_samples * (1 + d + d**2)
    products = 6 * p * n_samples * (n_vectors + d)
    orthogonalising = 2 * p * n_vectors**2
    kind = torch.device(device).type
    seconds = (products + orthogonalising) / SPEEDS.get(kind, SPEEDS["cuda"])
    there = memory_of(device)
    if d > ALWAYS and (needed > there or seconds > HOUR):
        raise ValueError(
            f"n_directions={n_directions:,} for a net of {n_parameters:,} parameters "
            f"needs about {needed / 2**30:,.1f} GB of memory, of {there / 2**30:,.1f}, "
            f"and {seconds / HOUR:,.1f} hours at every size. Lower n_directions; the "
            f"default is {ALWAYS}."
        )
