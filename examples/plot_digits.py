"""
Are 1,797 handwritten digits enough?
====================================

A first example: the digits from scikit-learn, and a network with two hidden layers. At
the tolerance used here, the landscape becomes stable within the data. ``--full`` uses
the tolerance of the papers, 0.025. Then it does not become stable, and the answer is a
forecast of the number of digits needed. Both take seconds.
"""

import argparse

import matplotlib.pyplot as plt
import pandas as pd

from sufficient import LandscapeDisplay, SampleSizeDisplay, SampleSizeEstimator
from sufficient.datasets import load_digits_images

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--full", action="store_true")
parser.add_argument("--folder", default=None, help="folder for the pictures")
chosen = parser.parse_args()

# %%
# ``fit`` adds one batch after another to the training set, until it has an answer.

X, y = load_digits_images()
est = SampleSizeEstimator(tol=0.025 if chosen.full else 0.5, random_state=0)
est.fit(X, y)
print(est.summary())

# %%
# The answer as a picture. The upper panel shows the change of the loss by one more
# batch: measured points, the line fitted to them, and the tolerance. The lower panel
# shows the score on held-out data, and a forecast of it for twice the data.

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

columns = ["train_size", "projected", "delta", "train_loss", "validation_score"]
print(pd.DataFrame(est.curves_)[columns].to_string(index=False))
plt.show()
