"""
Are 10,000 images of Fashion-MNIST enough?
==========================================

An experiment of the size of those in the papers: 10,000 images and a network with two
hidden layers and about 1e5 parameters. ``--full`` runs it, in less than a minute on one
core. Without it, only the first 1,500 images are used.
"""

import argparse

import matplotlib.pyplot as plt

from sufficient import SampleSizeDisplay, SampleSizeEstimator, SpectrumDisplay
from sufficient.datasets import load_fashion_mnist

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--full", action="store_true")
parser.add_argument("--folder", default=None, help="folder for the pictures")
chosen = parser.parse_known_args()[0]  # a notebook has arguments of its own

# %%
# The pixels are scaled to [-1, 1]. The samples that are not held out are put in a
# random order in which every prefix is stratified by class.

X, y = load_fashion_mnist(n_samples=10_000 if chosen.full else 1_500)
est = SampleSizeEstimator("mlp", random_state=0)
est.fit(X, y)
print(est.summary())

# %%
# Both curves are forecast: the score for up to four times the data, and the landscape,
# where it is not stable yet, by extending the power law through the last sizes to the
# tolerance. Run the script with ``--full`` to compare with what is measured there.

display = SampleSizeDisplay.from_estimator(est, name="MLP 784-128-64-10")
if chosen.folder:
    display.figure_.savefig(f"{chosen.folder}/fashion_mnist.png", dpi=150)

# %%
# The leading eigenvalues of the Hessian at every size, and their shifts by one more
# batch. Every shift has a factor 1/(k + 1), so the shifts become smaller even if the
# eigenvalues keep changing. ``plateau_`` takes this into account.

display = SpectrumDisplay.from_estimator(est)
if chosen.folder:
    display.figure_.savefig(f"{chosen.folder}/fashion_mnist_spectrum.png", dpi=150)
plateau = est.plateau_
where = f"at {plateau.n_samples:,} samples" if plateau.reached else "not reached"
print(f"Plateau of the eigenvalues: {where}")
plt.show()
