"""
Are 10,000 images of Fashion-MNIST enough?
==========================================

The main job at the size of the papers: 10,000 images, a network with two hidden layers
and about 1e5 parameters, tolerance 0.03. Draws the picture of the README. Small by
default; ``--full`` takes under a minute on two cores.
"""

import argparse

from sufficient import SampleSizeDisplay, SampleSizeEstimator, SpectrumDisplay
from sufficient.datasets import load_fashion_mnist


def main():
    """Fit, say the answer, draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--plot", default="fashion_mnist.png")
    parser.add_argument("--spectrum", help="file for the eigenvalues")
    chosen = parser.parse_args()
    X, y = load_fashion_mnist(n_samples=10_000 if chosen.full else 1_500)
    est = SampleSizeEstimator("mlp", tol=0.03, random_state=0, verbose=1).fit(X, y)
    print(est.summary())
    display = SampleSizeDisplay.from_estimator(est, name="MLP 784-128-64-10")
    display.figure_.savefig(chosen.plot, dpi=150)
    if chosen.spectrum:
        display = SpectrumDisplay.from_estimator(est)
        display.figure_.savefig(chosen.spectrum, dpi=150)


if __name__ == "__main__":
    main()
