"""
Are 1,797 handwritten digits enough?
====================================

A first example: the digits from scikit-learn, and a network with two hidden layers. It
takes a quarter of a minute.
"""

import argparse

import matplotlib.pyplot as plt
import pandas as pd

from sufficient import LandscapeDisplay, SampleSizeDisplay, SampleSizeEstimator
from sufficient.datasets import load_digits_images

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--folder", default=None, help="folder for the pictures")
chosen = parser.parse_known_args()[0]  # a notebook has arguments of its own

# %%
# ``fit`` trains a fresh network at growing sizes of the training set, up to all the
# data. ``try_wider`` adds one more, twice as wide, at the end.

X, y = load_digits_images()
est = SampleSizeEstimator(try_wider=True, random_state=0)
est.fit(X, y)
print(est.summary())

# %%
# The answer as numbers: the probability that twice the data add less than one point of
# accuracy, and what more data, more training and a wider network would add.

print(f"probability of enough data: {est.probability_sufficient_:.2f}")
for name in ("data", "training", "width"):
    gain, (low, high) = getattr(est, f"gain_from_{name}_")
    print(f"twice the {name}: {gain:+.4f} ({low:+.4f} to {high:+.4f})")

# %%
# The forecast also tells the score at any other size.

for n in (2_000, 5_000, 10_000):
    score, (low, high) = est.score_forecast_.score_at(n)
    print(f"{n:6,} samples: accuracy {score:.3f} ({low:.3f} to {high:.3f})")

# %%
# The answer as a picture. The upper panel shows the change of the loss by one more
# batch: measured points, the line fitted to them, and the tolerance. The lower panel
# shows the score on held-out data, and a forecast of it for four times the data.

display = SampleSizeDisplay.from_estimator(est)
if chosen.folder:
    display.figure_.savefig(f"{chosen.folder}/digits.png", dpi=150)

# %%
# The loss in the plane of the two leading eigenvectors of the Hessian, for growing
# subsets at the same weights. The lower row shows the change by the next batch. Delta
# is the mean square of such a surface.

display = LandscapeDisplay.from_estimator(est, X, y)
if chosen.folder:
    display.figure_.savefig(f"{chosen.folder}/digits_landscape.png", dpi=150)

# %%
# All measurements are columns of ``curves_``.

columns = ["train_size", "n_steps", "train_score", "validation_score", "projected"]
print(pd.DataFrame(est.curves_)[columns].round(4).to_string(index=False))
plt.show()
