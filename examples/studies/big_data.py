"""Fit data that are larger than memory, and measure the memory that this takes.

The script writes samples to a file, maps the file into memory and fits an estimator to
it. The labels come from a nonlinear function with noise. With --full there are 10
million samples of 100 numbers, a file of 4 GB that is removed at the end. The default
is small. Run from the root of the repository:

    python -m examples.studies.big_data --full
"""

import argparse
import shutil
import tempfile
from pathlib import Path

import numpy as np

from sufficient import SampleSizeEstimator

from .common.clock import timed
from .common.memory import AnonymousMemory, anonymous

# Algorithm 1 of paper B, which reads the data only up to where the landscape is stable.
HOW = {"training": "update", "stop": "landscape", "refit": False}
N_CLASSES, PIECE = 10, 100_000
MIB = 1 << 20


def write_samples(path, n_rows, n_columns):
    """Write random samples to a file; a small random network gives the labels."""
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


def fit_mapped_file(folder, args):
    """Fit to a mapped file in the folder; print time, memory and the answer."""
    X, y = write_samples(folder / "X.float32", args.rows, args.columns)
    print(f"{len(X):,} samples of {X.shape[1]}, {X.nbytes / 1e9:.2f} GB in a file")
    memory = anonymous() / MIB
    print(f"before the fit {memory:,.0f} MiB, including {y.nbytes // MIB:,} for labels")
    est = SampleSizeEstimator(tol=args.tol, random_state=0, **HOW)
    est = watched("fit", est.fit, X, y)
    print(est.summary())
    print(f"measured up to {est.train_sizes_[-1]:,}, k* = {est.k_star_}")
    predictions = watched("predict", est.predict, X)
    print(f"accuracy on all samples {np.mean(predictions == y):.3f}")


def watched(what, function, *args):
    """Call a function; print its time in seconds and its peak memory."""
    with AnonymousMemory() as memory:
        run = timed(function, *args)
    peak = memory.peak / MIB
    print(f"{what}: {run.wall:.0f} seconds, peak {peak:,.0f} MiB anonymous")
    return run.result


def main():
    """Make the data, fit, and remove the data."""
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
        fit_mapped_file(folder, args)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
