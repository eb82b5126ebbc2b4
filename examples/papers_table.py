"""
Paper B's table, beside ours
============================

How many batches of 64 until one more changes the loss by less than the tolerance, for
three architectures on MNIST and Fashion-MNIST. Small by default; ``--full`` takes the
first 10,000 images of each set, as the paper's code does, and about half an hour.
"""

import argparse
import time

import pandas as pd

from sufficient import SampleSizeEstimator
from sufficient.datasets import load_fashion_mnist, load_mnist
from sufficient.nets import default_net

ARCHITECTURES = {
    "MLP-1": default_net("mlp", module__hidden_sizes=(128,)),
    "MLP-2": default_net("mlp", module__hidden_sizes=(128, 64)),
    "CNN": default_net("cnn"),
}
PAPER = {
    "MNIST": (load_mnist, 0.025, {"MLP-1": 100, "MLP-2": 40, "CNN": 60}),
    "Fashion-MNIST": (
        load_fashion_mnist,
        0.030,
        {"MLP-1": 120, "MLP-2": 90, "CNN": 70},
    ),
}


def row(name, net, X, y, tol, theirs, **settings):
    """Fit once and return what the paper's table reports, and more."""
    start = time.perf_counter()
    est = SampleSizeEstimator(net, tol=tol, random_state=0, verbose=1, **settings)
    est.fit(X, y)
    return {
        "model": name,
        "tol": tol,
        "k* (paper)": theirs,
        "k*": est.k_star_,
        "samples needed": est.n_samples_needed_,
        "interval": est.n_samples_needed_interval_,
        "train loss": est.curves_["train_loss"][-1],
        "accuracy": est.score_curve_[-1],
        "expected gain": est.expected_gain_,
        "verdict": est.verdict_,
        "seconds": time.perf_counter() - start,
    }


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--data", choices=list(PAPER), nargs="*", default=list(PAPER))
    parser.add_argument("--models", choices=list(ARCHITECTURES), nargs="*")
    chosen = parser.parse_args()
    n_samples, settings = (10_000, {}) if chosen.full else (1_500, {"n_fresh": 256})
    rows = []
    for data in chosen.data:
        load, tol, paper = PAPER[data]
        X, y = load(n_samples=n_samples)
        for name in chosen.models or ARCHITECTURES:
            found = row(name, ARCHITECTURES[name], X, y, tol, paper[name], **settings)
            rows.append({"data": data, **found})
            print(pd.DataFrame(rows).to_string(index=False), flush=True)


if __name__ == "__main__":
    main()
