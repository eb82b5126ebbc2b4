"""Loss of every sample at 64 random displacements."""

import numpy as np
import torch

from sufficient.curvature.objective import Objective
from sufficient.landscape.displaced import losses_at

from ..common.clock import timed
from ..common.memory import PeakMemory
from .context import Context, Entry, Figures
from .peers import N_DIRECTIONS
from .plane import losses_at_weights, random_basis, weights_in_plane
from .problems import Problem, load_problem

__all__ = ["MonteCarlo", "plain_losses"]

PEER = "2 x 64 forward passes"
N_DRAWS = 64
CHUNKS = (256, 512, 1024, 2500, 5000)
REPETITIONS = 3


class MonteCarlo:
    """Losses of 5,000 samples at 64 displacements in a plane of ten directions.

    The peer makes a plain forward pass of all samples for every displacement, without
    gradients, with the fastest chunk size. It makes two such passes, one for L_k and
    one for L_{k+1}, following the definition of Delta. A peer that stores the losses of
    the first pass would need half the time.
    """

    name = "monte-carlo"

    def __init__(self, target: float | None) -> None:
        self.entries = [Entry(PEER, "peer"), Entry("ours", "ours", target)]

    def prepare(self, context: Context) -> None:
        """Train the network."""
        load_problem("mlp", 1000, context)

    def measure(self, entry: str, context: Context) -> Figures:
        """Measure one entry."""
        problem = load_problem("mlp", 5000, context)
        basis = random_basis(problem)
        offsets = np.random.default_rng(0).standard_normal((N_DRAWS, N_DIRECTIONS))
        offsets = torch.as_tensor(offsets, dtype=torch.float32)
        if entry == PEER:
            return _peer(problem, basis, offsets)
        return _ours(problem, basis, offsets)


def _peer(problem, basis, offsets):
    memory = PeakMemory()
    chunk = _fastest_chunk(problem, basis, offsets[:4])

    def twice():
        return [plain_losses(problem, basis, offsets, chunk) for _ in range(2)]

    return _figures(problem, twice, memory, details={"chunk": chunk})


def _ours(problem, basis, offsets):
    memory = PeakMemory()
    objective = Objective(problem.module, "cross_entropy")

    def once():
        return losses_at(objective, problem.X, problem.y, basis, offsets)

    found = _figures(problem, once, memory)
    found.max_relative_error = _error(objective, problem, basis, offsets[:4])
    return found


def plain_losses(problem: Problem, basis, offsets, chunk: int) -> np.ndarray:
    """Losses of shape (n_draws, n), one forward pass after another."""
    weights = weights_in_plane(problem, basis)
    parts = [
        Problem(problem.module, X, y)
        for X, y in zip(problem.X.split(chunk), problem.y.split(chunk), strict=True)
    ]
    with torch.no_grad():
        rows = [
            torch.cat([losses_at_weights(part, named) for part in parts])
            for named in map(weights, offsets)
        ]
    return torch.stack(rows).numpy()


def _fastest_chunk(problem, basis, offsets):
    seconds = {
        chunk: min(
            timed(plain_losses, problem, basis, offsets, chunk).cpu for _ in range(2)
        )
        for chunk in CHUNKS
    }
    return min(seconds, key=seconds.get)


def _figures(problem, compute, memory, **more):
    compute()
    memory.restart()
    runs = [timed(compute) for _ in range(REPETITIONS)]
    peak = memory.beyond_baseline()
    return Figures.of(len(problem.X), runs, peak_memory=peak, **more)


def _error(objective, problem, basis, offsets):
    ours = losses_at(objective, problem.X, problem.y, basis, offsets)
    plain = plain_losses(problem, basis, offsets, 1024)
    return float(np.abs(ours - plain).max() / np.abs(plain).max())
