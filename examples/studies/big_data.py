"""Ask about data larger than memory, and see how much memory that takes.

Writes samples with a nonlinear rule behind their labels into a file, maps and fits it.
With --full these are 10 million samples of 100 numbers, a file of 4 GB that is removed
in the end; the default is small.

    python -m examples.studies.big_data --full
"""

import argparse
import shutil
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from sufficient import SampleSizeEstimator

N_CLASSES, PIECE = 10, 100_000
STATUS = Path("/proc/self/status")


class PeakMemory:
    """Largest anonymous resident memory of this process while it is open, in MiB."""

    def __enter__(self):
        self.peak, self._over = now(), threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _watch(self):
        while not self._over.wait(0.005):
            self.peak = max(self.peak, now())


def now():
    """Anonymous resident memory in MiB; pages of a mapped file are the kernel's."""
    if not STATUS.exists():
        return float("nan")
    lines = STATUS.read_text().splitlines()
    return next(int(one.split()[1]) / 1024 for one in lines if "RssAnon" in one)


def write_objects(path, n_rows, n_columns):
    """Samples in a file, and labels that a small random network gives them."""
    rng = np.random.default_rng(0)
    inner = rng.standard_normal((n_columns, 16)) / np.sqrt(n_columns)
    outer = rng.standard_normal((16, N_CLASSES))
    X = np.memmap(path, np.float32, "w+", shape=(n_rows, n_columns))
    y = np.empty(n_rows, dtype=np.int64)
    for start in range(0, n_rows, PIECE):
        rows = slice(start, min(start + PIECE, n_rows))
        X[rows] = rng.standard_normal(X[rows].shape, dtype=np.float32)
        scores = np.tanh(2 * X[rows] @ inner) @ outer
        y[rows] = np.argmax(scores + rng.gumbel(size=scores.shape) / 2, axis=1)
    X.flush()
    return np.memmap(path, np.float32, "r", shape=X.shape), y


def ask(folder, args):
    """Fit on a mapped file in the folder and tell what it took."""
    X, y = write_objects(folder / "X.float32", args.rows, args.columns)
    print(f"{len(X):,} samples of {X.shape[1]}, {X.nbytes / 1e9:.2f} GB in a file")
    print(f"before the fit {now():,.0f} MiB, of which the labels {y.nbytes >> 20:,}")
    est = SampleSizeEstimator(tol=args.tol, random_state=0)
    with timed("fit"):
        est.fit(X, y)
    print(est.summary())
    print(f"measured up to {est.train_sizes_[-1]:,}, k* = {est.k_star_}")
    with timed("predict"):
        accuracy = np.mean(est.predict(X) == y)
    print(f"accuracy on all samples {accuracy:.3f}")


class timed(PeakMemory):  # noqa: N801
    """Print the seconds and the peak of memory of what is done."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        self.start = time.perf_counter()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        seconds = time.perf_counter() - self.start
        print(
            f"{self.what}: {seconds:.0f} seconds, peak {self.peak:,.0f} MiB anonymous"
        )


def main():
    """Make the data, ask, and clear up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="10 million samples of 100")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--tol", type=float, default=0.05)
    parser.add_argument("--folder", type=Path, help="where to write the file")
    args = parser.parse_args()
    if args.full:
        args.rows, args.columns = 10_000_000, 100
    folder = Path(tempfile.mkdtemp(dir=args.folder))
    try:
        ask(folder, args)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
