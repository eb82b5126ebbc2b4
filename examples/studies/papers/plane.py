"""Paper B on its gap: more draws, more directions, a smaller displacement."""

import numpy as np
import torch

from sufficient.landscape.delta import SecondOrder, SecondOrderForm, eigenvalue_delta
from sufficient.landscape.projection import project

from .data import available
from .published import BATCH, published_network
from .settings import Settings

__all__ = ["increments_in_plane", "measure"]

DIMENSIONS, SIGMAS = (1, 2, 5, 10, 20), (0.1, 1.0)
PAPER_DIMENSION = 10


def measure(settings: Settings) -> dict:
    """One network and one next batch, seen in planes of several dimensions."""
    data, k = available(settings.grown_data)[0], settings.plane_count
    network = published_network(data, settings)
    now, grown = (network.leading(count, DIMENSIONS[-1]) for count in (k, k + 1))
    shifts = grown.eigenvalues - now.eigenvalues
    exact = increments_in_plane(network, k, now.eigenvectors)
    theta = torch.randn(
        settings.most_draws,
        DIMENSIONS[-1],
        generator=torch.Generator().manual_seed(0),
    )
    draws, rows = None, []
    for sigma in SIGMAS:
        for d in DIMENSIONS:
            offsets = sigma * theta * (torch.arange(DIMENSIONS[-1]) < d)
            squares = network.increments(k, now.eigenvectors, offsets) ** 2
            rows.append(_row(squares, d, sigma, shifts, exact))
            if (d, sigma) == (PAPER_DIMENSION, 1.0):
                draws = squares
    return {
        "data": data,
        "k": k,
        "eigenvalues": now.eigenvalues,
        "gaps": now.eigenvalues[:-1] / now.eigenvalues[1:],
        "rows": rows,
        "spread": _spread(draws),
    }


def _row(squares, d, sigma, shifts, exact):
    a, c, B = exact
    whole = SecondOrder(a, c[:d], B[:d, :d]).rows
    return {
        "d": d,
        "sigma": sigma,
        "monte_carlo": squares.mean(),
        "std_err": squares.std(ddof=1) / np.sqrt(len(squares)),
        "formula": eigenvalue_delta(shifts[:d], sigma),
        "second_order": SecondOrderForm(sigma, d)(whole),
    }


def increments_in_plane(network, k, basis):
    """Of loss, gradient and Hessian in the plane, when the next batch arrives."""
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
    """Relative standard deviation of the mean of K draws, over blocks of K."""
    found = {}
    for size in (2**i for i in range(2, 20)):
        blocks = len(squares) // size
        if blocks < 8:
            return found
        means = squares[: blocks * size].reshape(blocks, size).mean(axis=1)
        found[str(size)] = means.std(ddof=1) / squares.mean()
