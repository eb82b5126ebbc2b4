"""How the time of a fit grows with k*."""

from sufficient import SampleSizeEstimator

from ..common.clock import timed
from ..common.memory import PeakMemory
from ..common.quiet import quiet
from .context import Context, Entry, Figures
from .problems import load_images

__all__ = ["Growth"]

FLOOR = "in proportion to k*"
N_WARM = 640
# Algorithm 1 of paper B.
HOW = {"training": "update", "stop": "landscape", "refit": False, "random_state": 0}
FULL = {"tol": 0.06, **HOW}
SMALL = {"tol": 2.0, "n_fresh": 256, **HOW}


class Growth:
    """Seconds to k* at two tolerances; the second is chosen so that k* doubles.

    A fit at the first tolerance, 0.06 on 20,000 images, gives a k* and the exponent of
    the power law of Delta there. The second tolerance is the value of this power law at
    2 k*. The time "in proportion to k*" is that of the first fit, times the ratio of
    the two values of k* that were found. So a ratio of 1 means linear growth. Much less
    than linear growth is impossible, because the network is trained for the same number
    of steps after every batch.
    """

    name = "growth"

    def __init__(self, target: float | None) -> None:
        self.entries = [Entry("ours", "ours", target), Entry(FLOOR, "floor")]

    def prepare(self, context: Context) -> None:
        """Nothing to prepare."""

    def measure(self, entry: str, context: Context) -> Figures:
        """One entry; the floor is calculated from the figures of ours."""
        if entry == FLOOR:
            return _in_proportion(context.earlier["ours"])
        X, y = load_images(20_000, context)
        settings = FULL if context.full else SMALL
        with quiet():
            return _ours(X, y, settings)


def _ours(X, y, settings):
    SampleSizeEstimator(**{**settings, "tol": 1e9}).fit(X[:N_WARM], y[:N_WARM])
    memory = PeakMemory()
    first = timed(SampleSizeEstimator(**settings).fit, X, y)
    smaller = settings["tol"] * 2**first.result.rate_
    second = timed(SampleSizeEstimator(**{**settings, "tol": smaller}).fit, X, y)
    return Figures.of(
        len(X),
        [second],
        peak_memory=memory.beyond_baseline(),
        details={
            "tol": [settings["tol"], smaller],
            "k_star": [_k_star(run.result) for run in (first, second)],
            "seconds": [first.cpu, second.cpu],
            "wall_seconds": [first.wall, second.wall],
        },
    )


def _k_star(estimator):
    """k* in batches, reached or forecast."""
    return -(-estimator.n_samples_needed_ // estimator.batch_size_)


def _in_proportion(ours):
    k_stars = ours["details"]["k_star"]
    factor = k_stars[1] / k_stars[0]
    seconds, wall = (ours["details"][c][0] for c in ("seconds", "wall_seconds"))
    return Figures(ours["n"], seconds * factor, wall * factor, [seconds * factor])
