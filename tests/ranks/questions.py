"""What is asked of one process and of two: a script that both of them run."""

from __future__ import annotations

import sys
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sufficient import MLP, SampleSizeEstimator, sample_size_curve
from sufficient.curvature import top_eigenpairs
from sufficient.curvature.eigenpairs.compression import compression_of
from sufficient.curvature.eigenpairs.follow import FollowedCurvature
from sufficient.curvature.eigenpairs.leading import leading_curvature
from sufficient.curvature.objective import Objective
from sufficient.ranks import LostRankError, Ranks, broadcast, over_ranks, ranks
from sufficient.reproducibility.agreement import broadcast_weights
from tests.curvature.cases import low_rank_problem
from tests.small import STEPWISE, small_net

SMALL = {
    "n_directions": 3,
    "n_monte_carlo": 8,
    "batch_size": 64,
    "n_candidates": 2,
    **STEPWISE,
}


def small_problem(n=301):
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(n, 5, generator=generator).double()
    torch.manual_seed(0)
    net = MLP(5, 3, hidden_sizes=(4,)).double()
    return net, X, X[:, :3].argmax(dim=1)


def branching_problem():
    _, X, y = small_problem(150)
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 3))
    net.double()(X)
    return net, X, y


def blobs():
    generator = np.random.default_rng(0)
    y = np.arange(700) % 3
    centres = generator.standard_normal((3, 6))
    return centres[y] + generator.standard_normal((700, 6)), y


def curve(**parameters):
    net = small_net(8)
    chosen = {"schedule": [1, 3, 6], **SMALL, **parameters}
    return sample_size_curve(net, *blobs(), random_state=0, **chosen)


def pairs(found):
    return {"values": found.eigenvalues, "vectors": found.eigenvectors}


def by_layers():
    return pairs(top_eigenpairs(*small_problem(), n_directions=3, tol=1e-9))


def in_chunks():
    how = {"n_directions": 3, "tol": 1e-9, "chunk_size": 40}
    return pairs(top_eigenpairs(*small_problem(), **how))


def by_recorded_graph():
    return pairs(top_eigenpairs(*branching_problem(), n_directions=3, tol=1e-9))


def gauss_newton():
    how = {"n_directions": 3, "tol": 1e-9, "matrix": "ggn"}
    return pairs(top_eigenpairs(*branching_problem(), **how))


def compressed():
    net, X, y = low_rank_problem(noise=0.02)
    objective = Objective(net, "cross_entropy")
    compression = compression_of(objective, X, y, 20)
    start = torch.ones(objective.n_parameters).double()
    how = {"n_directions": 3, "tol": 1e-2, "start": start}
    found = leading_curvature(objective, X, y, compression=compression, **how)
    assert found.compression is not None
    return {
        **pairs(found),
        "shortfall": found.shortfall,
        "outside": compression.outside,
    }


def followed():
    net, X, y = low_rank_problem()
    objective = Objective(net, "cross_entropy")
    following = FollowedCurvature(objective, X, y, n_directions=3, tol=1e-6)
    values = [following.follow(n).eigenvalues for n in (150, 160, 170, 400)]
    loss, gradient = following.loss_and_gradient()
    return {"values": values, "loss": loss, "gradient": gradient}


def growing():
    found = curve()
    return {"values": found.eigenvalues, **found.columns}


def converged():
    found = curve(training="converged", stop="never", schedule=[1, 3])
    return {"values": found.eigenvalues, **found.columns}


def fixed():
    found = curve(training="full", schedule=[3, 6])
    return {"values": found.eigenvalues, **found.columns}


def weighted():
    X, y = blobs()
    est = SampleSizeEstimator(small_net(8), random_state=0, schedule=[3, 6], **SMALL)
    est.fit(X, y, np.random.default_rng(0).exponential(size=len(y)))
    return {"values": est.eigenvalues_, **est.curves_}


QUESTIONS = [
    by_layers, in_chunks, by_recorded_graph, gauss_newton, compressed, followed,
    growing, converged, fixed, weighted,
]  # fmt: skip


def without_a_seed():
    est = SampleSizeEstimator(**SMALL)
    X, y = blobs()
    for half in (slice(0, 350), slice(350, None)):
        est.partial_fit(X[half], y[half])
    return est.curves_["projected"]


def other_data():
    net, X, y = small_problem()
    X[7, 0] += ranks().rank
    with pytest.raises(ValueError) as caught:
        top_eigenpairs(net, X, y)
    return str(caught.value)


def other_parameters():
    with pytest.raises(ValueError) as caught:
        curve(eigen_tol=0.01 / (1 + ranks().rank))
    return str(caught.value)


def drifted():
    module = nn.Linear(3, 2)
    nn.init.constant_(module.weight, 1 + 1e-4 * ranks().rank)
    nn.init.zeros_(module.bias)
    with pytest.warns(UserWarning, match="trained apart by"):
        broadcast_weights(module)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        broadcast_weights(module)
    return module.weight.detach()


def traffic():
    """Vectors of all parameters that are sent while eigenpairs are found."""
    call, sent = Ranks.call, Counter()

    def count(self, collective, tensor, *args, **kwargs):
        if isinstance(tensor, torch.Tensor):
            sent[collective.__name__, tensor.numel() // n_parameters] += 1
        call(self, collective, tensor, *args, **kwargs)

    _, X, y = small_problem()
    net = MLP(5, 3, hidden_sizes=(150,)).double()
    n_parameters = sum(each.numel() for each in net.parameters())
    Ranks.call = count
    try:
        found = top_eigenpairs(net, X, y, n_directions=2, seek_copies=False)
    finally:
        Ranks.call = call
    return found.n_products, sent


def lost(folder):
    """One rank waits for the other, which waits until the first has given up."""
    message = ""
    if ranks().is_first:
        with pytest.raises(LostRankError) as caught:
            broadcast(0.0)
        message = str(caught.value)
        (folder / "gave up").touch()
    while not (folder / "gave up").exists():
        time.sleep(0.1)
    return message


def main(folder):
    torch.set_num_threads(1)
    with over_ranks(timeout=300) as here:
        found = {ask.__name__: ask() for ask in QUESTIONS}
        curve(checkpoint=folder / "checkpoint")
        for ask in (without_a_seed, other_data, other_parameters, drifted, traffic):
            found[ask.__name__] = ask()
    assert ranks().size == 1
    with over_ranks(timeout=2):
        found["lost"] = lost(folder)
    torch.save(found, folder / f"rank-{here.rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
