"""
Are 1,797 handwritten digits enough?
====================================

The smallest real question: the digits inside scikit-learn, and a network with two
hidden layers. The tolerance here is one at which the landscape settles within the data.
``--full`` takes the papers' 0.025, at which it does not settle, and the forecast says
how many digits it would take. Both take seconds.
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
# One fit grows the training set, batch by batch, until it has its answer.

X, y = load_digits_images()
est = SampleSizeEstimator(tol=0.025 if chosen.full else 0.5, random_state=0)
est.fit(X, y)
print(est.summary())

# %%
# The answer as a picture. Above, the change of the loss that one more batch would
# bring: the points that the answer is read from, the line through them, and the
# tolerance. Below, the score on held-out data, which says what the landscape cannot
# say: whether more data would still improve the score.

display = SampleSizeDisplay.from_estimator(est)
if chosen.folder:
    display.figure_.savefig(f"{chosen.folder}/digits.png", dpi=150)

# %%
# The landscape itself, on the plane of the two leading eigenvectors of the Hessian, for
# growing subsets at the same weights. The lower row is what the next batch changes:
# Delta is the mean square of such a surface.

display = LandscapeDisplay.from_estimator(est, X, y)
if chosen.folder:
    display.figure_.savefig(f"{chosen.folder}/digits_landscape.png", dpi=150)

# %%
# Everything that was measured is a column of ``curves_``.

columns = ["train_size", "projected", "delta", "train_loss", "validation_score"]
print(pd.DataFrame(est.curves_)[columns].to_string(index=False))
plt.show()
