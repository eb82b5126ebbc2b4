"""
Are 1,797 handwritten digits enough?
====================================

The smallest real question: the digits inside scikit-learn, a network with two hidden
layers, the default tolerance. They are not enough for the landscape to settle, and the
forecast says how many would be.
"""

import argparse

from sufficient import LandscapeDisplay, SampleSizeDisplay, SampleSizeEstimator
from sufficient.datasets import load_digits_images


def main():
    """Fit, say the answer, draw it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tol", type=float, default=0.025)
    parser.add_argument("--plot", default="digits.png")
    parser.add_argument("--landscape", help="file for the loss surface")
    chosen = parser.parse_args()
    X, y = load_digits_images()
    est = SampleSizeEstimator(tol=chosen.tol, random_state=0, verbose=1).fit(X, y)
    print(est.summary())
    SampleSizeDisplay.from_estimator(est).figure_.savefig(chosen.plot, dpi=150)
    if chosen.landscape:
        display = LandscapeDisplay.from_estimator(est, X, y)
        display.figure_.savefig(chosen.landscape, dpi=150)


if __name__ == "__main__":
    main()
