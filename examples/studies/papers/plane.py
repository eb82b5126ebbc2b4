"""Paper B, gap between formula and Delta: draws, directions and displacements."""

import torch

from sufficient.landscape.delta import SecondOrder, SecondOrderForm, eigenvalue_delta
from sufficient.landscape.projection import project

from .data import available
from .draws import standard_normal
from .published import BATCH, published_network, standard_error
from .settings import Settings

__all__ = ["increments_in_plane", "measure"]

DIMENSIONS, SIGMAS = (1, 2, 5, 10, 20), (0.1, 1.0)
MOST = DIMENSIONS[-1]
# The choice of the paper.
PAPERS_DIMENSION, PAPERS_SIGMA = 10, 1.0
FEWEST_BLOCKS = 8


def measure(settings: Settings) -> dict:
    """One network and one next batch, with several numbers of directions."""
    data, k = available(settings.grown_data)[0], settings.plane_count
    network = published_network(data, settings)
    now, shifts = network.leading_and_shifts(k, MOST)
    exact = increments_in_plane(network, k, now.eigenvectors)
    squares = {
        (sigma, d): _squares(
            network, k, now.eigenvectors, d, sigma, settings.most_draws
        )
        for sigma in SIGMAS
        for d in DIMENSIONS
    }
    return {
        "data": data,
        "k": k,
        "eigenvalues": now.eigenvalues,
        "gaps": now.eigenvalues[:-1] / now.eigenvalues[1:],
        "rows": [_row(*of, found, shifts, exact) for of, found in squares.items()],
        "spread": _spread(squares[PAPERS_SIGMA, PAPERS_DIMENSION]),
    }


def _squares(network, k, basis, d, sigma, n_draws):
    """Squared change of the loss at every draw, in the first d directions."""
    theta = sigma * standard_normal(n_draws, MOST) * (torch.arange(MOST) < d)
    return network.increments(k, basis, theta) ** 2


def _row(sigma, d, squares, shifts, exact):
    a, c, B = exact
    second_order = SecondOrder(a, c[:d], B[:d, :d]).rows
    return {
        "d": d,
        "sigma": sigma,
        "monte_carlo": squares.mean(),
        "std_err": standard_error(squares),
        "formula": eigenvalue_delta(shifts[:d], sigma),
        "second_order": SecondOrderForm(sigma, d)(second_order),
    }


def increments_in_plane(network, k, basis):
    """Changes of loss, gradient and Hessian in the plane by the next batch."""
    n = k * BATCH
    at = project(
        network.objective,
        network.X[: n + BATCH],
        network.y[: n + BATCH],
        basis,
        matrix="hessian",
    )
    parts = at.losses, at.gradients, at.hessians
    return [part.mean(axis=0) - part[:n].mean(axis=0) for part in parts]


def _spread(squares):
    """Relative standard deviation of the mean of K draws, for K = 4, 8, 16, ...

    It is computed from the means of consecutive blocks of K draws.
    """
    found, size = {}, 4
    while len(squares) // size >= FEWEST_BLOCKS:
        blocks = squares[: len(squares) // size * size].reshape(-1, size)
        found[str(size)] = blocks.mean(axis=1).std(ddof=1) / squares.mean()
        size *= 2
    return found
