"""
Are 10,000 images of Fashion-MNIST enough?
==========================================

The question at the size of the papers: 10,000 images, a network with two hidden layers
and about 1e5 parameters, tolerance 0.03. ``--full`` asks exactly that, and takes half a
minute on one core; without it, only the first 1,500 images are used.
"""

import argparse

import matplotlib.pyplot as plt

from sufficient import SampleSizeDisplay, SampleSizeEstimator, SpectrumDisplay
from sufficient.datasets import load_fashion_mnist

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--full", action="store_true")
parser.add_argument("--folder", default=None, help="folder for the pictures")
chosen = parser.parse_args()

# %%
# The pixels come scaled to [-1, 1]. What is not held out is put in one random order in
# which every prefix holds the classes in proportion.

X, y = load_fashion_mnist(n_samples=10_000 if chosen.full else 1_500)
est = SampleSizeEstimator("mlp", tol=0.03, random_state=0)
est.fit(X, y)
print(est.summary())

# %%
# With few images the answer is a forecast: the local power law, extrapolated to the
# tolerance, and its 90 % interval. To see how good it was, run the script with
# ``--full``.

display = SampleSizeDisplay.from_estimator(est, name="MLP 784-128-64-10")
if chosen.folder:
    display.figure_.savefig(f"{chosen.folder}/fashion_mnist.png", dpi=150)

# %%
# The leading eigenvalues of the Hessian at every size, and how much one more batch
# shifts each of them. Every shift has a factor 1/(k + 1), so the shifts fall even if
# the eigenvalues keep changing. ``plateau_`` takes that into account.

display = SpectrumDisplay.from_estimator(est)
if chosen.folder:
    display.figure_.savefig(f"{chosen.folder}/fashion_mnist_spectrum.png", dpi=150)
plateau = est.plateau_
print(f"Plateau reached: {plateau.reached}, at {plateau.n_samples:,} samples")
plt.show()
