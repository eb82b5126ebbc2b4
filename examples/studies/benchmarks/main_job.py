"""A whole fit, compared with a straightforward program built from other packages."""

import numpy as np
import torch
from scipy.sparse.linalg import eigsh
from torch import nn
from torch.func import jacfwd

from sufficient import SampleSizeEstimator
from sufficient.decision.stopping import forecast_sample_size
from sufficient.growing.plan import plan_run
from sufficient.landscape.delta import SecondOrder, SecondOrderForm, expected_delta
from sufficient.settings import Settings

from ..common.clock import timed
from ..common.memory import PeakMemory
from ..common.quiet import quiet
from .context import Context, Entry, Figures
from .draws import plain_losses
from .peers import N_DIRECTIONS, curvlinops_operator
from .plane import losses_in_plane
from .problems import Problem, load_images

__all__ = ["MainJob"]

PEER = "assembly"
CHUNK = 500
N_WARM = 640
# Algorithm 1 of paper B.
HOW = {"training": "update", "stop": "landscape", "refit": False, "random_state": 0}
FULL = {"tol": 0.03, **HOW}
SMALL = {"tol": 0.5, "n_fresh": 256, **HOW}


class MainJob:
    """Algorithm 1 of paper B with a tolerance of 0.03, on 10,000 images.

    The peer is called the assembly. It implements the definition with curvlinops, scipy
    and torch, on chunks of 500 samples:

    1. Continue training after every batch. It uses the library's training loop with the
       same order of samples and minibatches, so both have the same networks at every k.
       (A plain skorch `partial_fit`, which collates single samples, would be slower.)
    2. At k, compute the ten leading eigenpairs of the Hessian by curvlinops and eigsh
       with tolerance 1e-3, and then those at k + 1, at the same weights.
    3. Compute the losses at 64 random displacements by forward passes over the first k
       and the first k + 1 batches. This is formula (4) for the batch that comes next.
    4. Compute the statistic by which ours stops, formula (3), from losses, gradients
       and exact Hessians of the same 2,048 fresh samples by nested
       `torch.func.jacfwd`, and apply the same stopping rule, `forecast_sample_size`.
       Formula (4) for a single batch is too noisy for this, and any other statistic
       would give another k*.

    The assembly measures at every k, as the papers do. To save time, steps 2 and 3 are
    timed at the sizes of our schedule only. Their times are interpolated linearly in k
    and summed over all k up to the end of the run. Step 4 is counted at the sizes of
    the schedule only, and training as it was measured. The details also hold the sum
    without interpolation, which is the time of the assembly on our schedule.

    Ours measures more at every size (four formulas with standard errors, scores, the
    verdict), but only at the sizes of its schedule, which is its default.
    """

    name = "main-job"

    def __init__(self, target: float | None) -> None:
        peer = Entry(PEER, "peer", needs="curvlinops-for-pytorch")
        self.entries = [peer, Entry("ours", "ours", target)]

    def prepare(self, context: Context) -> None:
        """Nothing to prepare."""

    def measure(self, entry: str, context: Context) -> Figures:
        """Measure one entry."""
        X, y = load_images(10_000, context)
        settings = FULL if context.full else SMALL
        with quiet():
            return (_assembly if entry == PEER else _ours)(X, y, settings)


def _ours(X, y, settings):
    SampleSizeEstimator(**_loose(settings)).fit(X[:N_WARM], y[:N_WARM])
    memory = PeakMemory()
    run = timed(SampleSizeEstimator(**settings).fit, X, y)
    est = run.result
    return Figures.of(
        len(X),
        [run],
        products=float(est.curves_["n_products"].sum()),
        peak_memory=memory.beyond_baseline(),
        details={"k_star": est.k_star_, "sizes": len(est.batch_counts_)},
    )


def _assembly(X, y, settings):
    _Assembly(X[:N_WARM], y[:N_WARM], _loose(settings)).follow()
    memory = PeakMemory()
    assembly = _Assembly(X, y, settings)
    run = timed(assembly.follow)
    everywhere = assembly.seconds_at_every_k()
    return Figures(
        n=len(X),
        seconds=everywhere[0],
        wall_seconds=everywhere[1],
        repetitions=[everywhere[0]],
        peak_memory=memory.beyond_baseline(),
        details={
            "k_star": assembly.k_star(),
            "sizes": len(assembly.batch_counts),
            "seconds_on_our_schedule": run.cpu,
        },
    )


def _loose(settings):
    """Settings of a short first run, in which everything is imported."""
    return {**settings, "tol": 1e9}


class _Assembly:
    """One run; the times of its steps are stored separately."""

    def __init__(self, X, y, settings):
        self.settings = Settings.of(SampleSizeEstimator(**settings))
        self.plan = plan_run(None, X, y, self.settings, settings["random_state"])
        self.offsets = np.random.default_rng(0).standard_normal(
            (self.settings.n_monte_carlo, N_DIRECTIONS)
        )
        self.batch_counts, self.statistics = [], []
        self.training, self.stopping, self.landscapes = [], [], []

    def follow(self):
        run, growth = self.plan.run, self.plan.growth
        run.begin(growth.pool)
        for k in growth.counts_after(0):
            seen = growth.first(k)
            self.training.append(timed(run.training.extend, seen, growth.batch_size, k))
            if growth.is_measured(k):
                self._measure(k, seen, growth.pool[len(seen) :])
                if self._forecast().converged:
                    break

    def seconds_at_every_k(self):
        """CPU and wall seconds with the landscape measured at every k."""
        every = np.arange(1, self.batch_counts[-1] + 1)
        totals = []
        for clock in ("cpu", "wall"):
            at_sizes = [getattr(run, clock) for run in self.landscapes]
            total = np.interp(every, self.batch_counts, at_sizes).sum()
            once = sum(getattr(run, clock) for run in self.training + self.stopping)
            totals.append(float(total + once))
        return totals

    def k_star(self):
        forecast = self._forecast()
        if not forecast.converged:
            return None
        return -(-forecast.n_samples // self.plan.run.batch_size)

    def _forecast(self):
        return forecast_sample_size(
            np.array(self.batch_counts) * self.plan.run.batch_size,
            np.array(self.statistics),
            tol=self.settings.tol,
            patience=self.settings.patience,
        )

    def _measure(self, k, seen, upcoming):
        net = self.plan.run.training.net_at(seen, k)
        module = net.module_.eval()
        candidates = upcoming + self.plan.growth.held_out
        grown = seen + candidates[: self.plan.run.batch_size]
        here, there = (Problem(module, part.X, part.y) for part in (seen, grown))
        landscape = timed(_landscape, here, there, self.offsets)
        fresh = candidates[: self.settings.n_fresh]
        stopping = timed(
            _statistic,
            here,
            Problem(module, fresh.X, fresh.y),
            landscape.result,
            self.plan.run.batch_size,
        )
        module.train()
        self.batch_counts.append(k)
        self.landscapes.append(landscape)
        self.stopping.append(stopping)
        self.statistics.append(stopping.result)


def _landscape(here, there, offsets):
    """Steps 2 and 3; returns the eigenpairs at k, which formula (3) needs."""
    values, vectors = _eigenpairs(here)
    _eigenpairs(there)
    basis = torch.from_numpy(vectors)
    offsets = torch.as_tensor(offsets).to(basis)
    losses = [plain_losses(p, basis, offsets, CHUNK) for p in (here, there)]
    _ = ((losses[1].mean(axis=1) - losses[0].mean(axis=1)) ** 2).mean()
    return values, basis


def _eigenpairs(problem):
    operator = curvlinops_operator(problem, CHUNK)
    start = np.random.default_rng(0).standard_normal(operator.shape[0])
    settings = {"which": "LA", "tol": 1e-3, "v0": start.astype(np.float32)}
    values, vectors = eigsh(operator.to_scipy(np.float32), N_DIRECTIONS, **settings)
    return values[::-1].astype(float), vectors[:, ::-1].copy()


def _statistic(here, fresh, pairs, batch_size):
    """Formula (3), sigma = 1."""
    values, basis = pairs
    losses = losses_in_plane(fresh, basis)
    at = torch.zeros(N_DIRECTIONS)
    rows = SecondOrder(
        losses(at).detach().double().numpy(),
        jacfwd(losses)(at).detach().double().numpy(),
        jacfwd(jacfwd(losses))(at).detach().double().numpy(),
    ).rows
    loss, gradient = _loss_and_gradient(here)
    seen = SecondOrder(
        np.float64(loss), (basis.T @ gradient).numpy(), np.diag(values)
    ).rows
    form = SecondOrderForm(1.0, N_DIRECTIONS)
    weighting = {"batch_size": batch_size, "n_seen": len(here.X)}
    return expected_delta(form, rows, seen, **weighting).value * 64 / batch_size


def _loss_and_gradient(problem):
    loss = nn.functional.cross_entropy(problem.module(problem.X), problem.y)
    parts = torch.autograd.grad(loss, list(problem.module.parameters()))
    return loss.item(), torch.cat([part.reshape(-1) for part in parts])
