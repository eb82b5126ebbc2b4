"""
Label until told to stop
========================

A simulated annotator labels 64 images at a time and hands them over. After each batch
one line says where things stand. In the evening the session is saved, and the next
morning it goes on as if there had been no night, until the landscape has settled.
"""

import argparse

from sklearn.utils import shuffle

from sufficient import SampleSizeEstimator
from sufficient.datasets import load_digits_images


def main():
    """Label batch by batch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tol", type=float, default=0.1)
    parser.add_argument("--bound", default="monte_carlo")
    parser.add_argument("--batches-a-day", type=int, default=5)
    parser.add_argument("--folder", default="labelling_session")
    chosen = parser.parse_args()
    X, y = shuffle(*load_digits_images(), random_state=0)
    est = SampleSizeEstimator(tol=chosen.tol, bound=chosen.bound, random_state=0)
    for i, start in enumerate(range(0, len(X), 64), start=1):
        batch = slice(start, start + 64)
        est.partial_fit(X[batch], y[batch], classes=range(10))
        low, high = est.n_samples_needed_interval_
        print(
            f"{batch.stop:5d} labelled: {est.verdict_}; {low:,} to {high:.3g} samples "
            f"to train on, accuracy {est.score_curve_[-1]:.3f}"
        )
        if est.converged_:
            break
        if i % chosen.batches_a_day == 0:
            est.save(chosen.folder)
            est = SampleSizeEstimator.load(chosen.folder)
            print(f"Saved in {chosen.folder}, and loaded from there.")
    print(est.summary())


if __name__ == "__main__":
    main()
