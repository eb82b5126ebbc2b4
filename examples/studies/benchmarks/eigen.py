"""The ten leading eigenpairs of one trained network on n samples."""

import gc
from statistics import median

from ..common.clock import timed
from ..common.memory import PeakMemory
from . import ours
from .context import ACCURACY, Context, Entry, Figures
from .peers import PEERS
from .problems import Problem, load_problem
from .reference import reference_eigenvalues, relative_error

__all__ = ["Eigenpairs", "fastest_chunk"]

STARTS = range(5)
CHUNKS = (100, 250, 500, 1000)
N_FOR_CHUNKS = 2000
OURS = {
    "ours, exact": {"compress": False},
    "ours, exact, one search": {"compress": False, "seek_copies": False},
    "ours, compressed": {},
    "ours, compressed, one search": {"seek_copies": False},
}


class Eigenpairs:
    """Ten leading eigenpairs to a relative error of 1e-3, from five start vectors.

    A peer runs with the chunk size that is fastest on the first 2,000 samples, and with
    the cheapest setting that is accurate for all start vectors, compared with the
    reference. Ours gets the accuracy as its tolerance and has to certify it. With one
    search, like the peers, it does not search for copies of multiple eigenvalues.

    Parameters
    ----------
    kind : {"mlp", "cnn"}
        Which network.
    n : int
        Number of samples.
    targets : dict of str to float
        Target ratios, by the name of our entry.
    """

    def __init__(self, kind: str, n: int, targets: dict[str, float]) -> None:
        self.name, self.kind, self.n = f"{kind}-{n}", kind, n
        self.entries = [Entry(p.name, "peer", needs=p.needs) for p in PEERS.values()]
        self.entries += [
            Entry(name, "ours", target) for name, target in targets.items()
        ]

    def prepare(self, context: Context) -> None:
        """Train the network and compute the reference, in a process of its own."""
        reference_eigenvalues(load_problem(self.kind, self.n, context), context)

    def measure(self, entry: str, context: Context) -> Figures:
        """Measure one entry."""
        problem = load_problem(self.kind, self.n, context)
        exact = reference_eigenvalues(problem, context)
        if entry in OURS:
            ours.solve(problem.first(64), 0, ACCURACY, **OURS[entry])
            memory = PeakMemory()
            runs = _runs(_ours(problem, OURS[entry]), exact, context.enough, memory)
            return _figures(problem, runs, memory, {"tol": ACCURACY})
        return _tuned(PEERS[entry], problem, exact, context)


def _ours(problem, how):
    return lambda start: ours.solve(problem, start, ACCURACY, **how)


def _tuned(peer, problem, exact, context):
    peer.solve(problem.first(64), 0, peer.probe, 64)
    memory = PeakMemory()
    chunk = fastest_chunk(peer, problem)
    for accuracy in _from_hint(peer.accuracies, context.earlier):
        runs = _runs(
            lambda start, accuracy=accuracy: peer.solve(
                problem, start, accuracy, chunk
            ),
            exact,
            context.enough,
            memory,
            give_up=accuracy != peer.accuracies[-1],
        )
        if all(error <= ACCURACY for _, error in runs):
            break
    return _figures(problem, runs, memory, {"accuracy": accuracy, "chunk": chunk})


def fastest_chunk(peer, problem: Problem) -> int:
    """The fastest chunk size that divides n; some peers need chunks of equal size."""
    n = len(problem.X)
    if not peer.in_chunks:
        return n
    part = problem.first(min(n, N_FOR_CHUNKS))
    sizes = [size for size in CHUNKS if n % size == 0]
    if n <= N_FOR_CHUNKS or not sizes:
        sizes.append(n)
    seconds = {
        size: min(timed(peer.solve, part, 0, peer.probe, size).cpu for _ in range(2))
        for size in sizes
    }
    return min(seconds, key=seconds.get)


def _from_hint(accuracies, earlier):
    """Settings from that of the first peer on, since all peers build the same space."""
    found = [figures["details"].get("accuracy") for figures in earlier.values()]
    first = next((a for a in found if a in accuracies), accuracies[0])
    return accuracies[accuracies.index(first) :]


def _runs(solve, exact, enough, memory, give_up=False):
    """Timed solutions and their errors; `give_up` stops at the first large error."""
    memory.restart()
    runs, spent = [], 0.0
    for start in STARTS:
        run = timed(solve, start)
        gc.collect()
        runs.append((run, relative_error(run.result.eigenvalues, exact)))
        spent += run.cpu
        if spent > enough or (give_up and runs[-1][1] > ACCURACY):
            break
    return runs


def _figures(problem, solved, memory, details):
    runs = [run for run, _ in solved]
    return Figures.of(
        len(problem.X),
        runs,
        products=median(run.result.n_products for run in runs),
        max_relative_error=max(error for _, error in solved),
        peak_memory=memory.beyond_baseline(),
        details={**details, "starts": len(runs)},
    )
