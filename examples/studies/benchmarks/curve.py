"""The landscape after every batch, at fixed weights."""

import numpy as np
import torch
from skorch import NeuralNetClassifier

from sufficient import SampleSizeEstimator, sample_size_curve
from sufficient.growing.plan import plan_run
from sufficient.settings import Settings

from ..common.clock import timed
from ..common.memory import PeakMemory
from ..common.quiet import quiet
from .context import ACCURACY, Context, Entry, Figures
from .eigen import fastest_chunk
from .peers import PEERS
from .problems import Problem, load_problem
from .reference import reference_eigenvalues, relative_error

__all__ = ["FixedWeightsCurve"]

PEER = "graph kept + eigsh"
BATCH = 64
N_SAMPLED = 12
LEAST_SAMPLED = 4


class FixedWeightsCurve:
    """Eigenvalues, `projected` and `eigenvalue` Delta for every k = 1 ... 937.

    The data are Fashion-MNIST's 60,000 images in batches of 64, the weights those of a
    network trained on the first 20,000. Ours holds out the 32 images that do not fill a
    batch; they are its fresh samples. It evaluates the real loss at two random
    displacements, the smallest possible number, because the peer evaluates none.

    The peer is the fastest eigensolver, started again at every k. It is measured at 12
    sizes spaced geometrically from k = 4, with the cheapest setting that is accurate
    there. Its times are interpolated linearly in k and summed over all k. They include
    the eigenvalues only, not Delta and the other columns. Its graphs of all samples
    take more memory than ours; the time to avoid this is not included either.

    Our error is that of the eigenvalues at a sixteenth, a quarter and all of the
    batches, in our order of the batches.
    """

    name = "fixed-weights-curve"

    def __init__(self, target: float | None) -> None:
        self.entries = [Entry(PEER, "peer"), Entry("ours", "ours", target)]

    def prepare(self, context: Context) -> None:
        """Train the network, and compute the peer's references."""
        problem = load_problem("mlp", 60_000, context)
        for k in _sampled(len(problem.X) // BATCH):
            reference_eigenvalues(problem.first(int(k) * BATCH), context)

    def measure(self, entry: str, context: Context) -> Figures:
        """Measure one entry."""
        problem = load_problem("mlp", 60_000, context)
        return (_peer if entry == PEER else _ours)(problem, context)


def ours(problem: Problem):
    """The whole curve by the library."""
    n = len(problem.X)
    return sample_size_curve(_net(problem), problem.X, problem.y, **_settings(n))


def _settings(n):
    return {
        "training": "full",
        "schedule": "all",
        "batch_size": BATCH,
        "validation_fraction": max(n % BATCH, 10) / n,
        "eigen_tol": ACCURACY,
        "n_monte_carlo": 2,
        "random_state": 0,
    }


def _net(problem):
    """A net with learning rate 0, so that its weights stay as they are."""
    return NeuralNetClassifier(
        problem.module,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        lr=0.0,
        max_epochs=1,
        batch_size=1024,
        train_split=None,
    )


def _ours(problem, context):
    memory = PeakMemory()
    with quiet():
        run = timed(ours, problem)
    peak = memory.beyond_baseline()
    curve = run.result
    counts = curve.columns["batch_count"].astype(int)
    return Figures.of(
        int(counts[-1]) * BATCH,
        [run],
        products=float(curve.columns["n_products"].sum()),
        max_relative_error=_our_error(problem, curve, context),
        peak_memory=peak,
        details={"sizes": len(counts)},
    )


def _our_error(problem, curve, context):
    """Largest relative error at a sixteenth, a quarter and all of the batches."""
    ordered, n_batches = _in_our_order(problem), len(curve.eigenvalues)
    return max(
        relative_error(
            curve.eigenvalues[k - 1],
            reference_eigenvalues(ordered.first(k * BATCH), context),
        )
        for k in (max(n_batches // 16, 1), n_batches // 4, n_batches)
    )


def _in_our_order(problem):
    settings = _settings(len(problem.X))
    seed = settings.pop("random_state")
    estimator = SampleSizeEstimator(_net(problem), **settings)
    X, y = problem.X.numpy(), problem.y.numpy()
    with quiet():
        plan = plan_run(estimator.estimator, X, y, Settings.of(estimator), seed)
    rows = torch.as_tensor(plan.train_indices)
    return Problem(problem.module, problem.X[rows], problem.y[rows])


def _peer(problem, context):
    peer = PEERS[PEER]
    memory = PeakMemory()
    chunk = fastest_chunk(peer, problem.first(len(problem.X) // 1000 * 1000))
    n_batches = len(problem.X) // BATCH
    counts, found, least = _sampled(n_batches), [], 0
    for k in counts[::-1]:
        part = problem.first(int(k) * BATCH)
        exact = reference_eigenvalues(part, context)
        *solved, least = _cheapest(peer, part, exact, chunk, least)
        found.append(solved)
    runs, errors = zip(*found[::-1], strict=True)
    return Figures(
        n=n_batches * BATCH,
        seconds=_over_all(counts, [run.cpu for run in runs], n_batches),
        wall_seconds=_over_all(counts, [run.wall for run in runs], n_batches),
        repetitions=[run.cpu for run in runs],
        products=_over_all(counts, [r.result.n_products for r in runs], n_batches),
        max_relative_error=max(errors),
        peak_memory=memory.beyond_baseline(),
        details={"chunk": chunk, "batch_counts": counts.tolist()},
    )


def _cheapest(peer, problem, exact, chunk, least):
    """Run with the cheapest accurate setting, starting from the one before `least`."""
    for index in range(max(least - 1, 0), len(peer.accuracies)):
        run = timed(peer.solve, problem, 0, peer.accuracies[index], chunk)
        error = relative_error(run.result.eigenvalues, exact)
        if error <= ACCURACY:
            break
    return run, error, index


def _sampled(n_batches):
    counts = np.geomspace(LEAST_SAMPLED, n_batches, N_SAMPLED)
    return np.unique(counts.round().astype(int))


def _over_all(counts, values, n_batches):
    """Sum over k = 1 ... n_batches of values interpolated between a few sizes."""
    return float(np.interp(np.arange(1, n_batches + 1), counts, values).sum())
