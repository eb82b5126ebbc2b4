"""
Label in batches until the landscape is stable
==============================================

A simulated annotator labels 64 images at a time and passes them to ``partial_fit``.
After each batch, one line shows the answer so far. Every evening the session is saved,
and the next morning it is loaded. Labelling ends when the landscape is stable.
``--full`` uses a smaller tolerance, so more images are labelled.
"""

import argparse
import tempfile

import matplotlib.pyplot as plt
from sklearn.utils import shuffle

from sufficient import SampleSizeDisplay, SampleSizeEstimator
from sufficient.datasets import load_digits_images

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--full", action="store_true")
parser.add_argument("--folder", default=None, help="where the session is kept")
chosen = parser.parse_args()
folder = chosen.folder or tempfile.mkdtemp()

# %%
# ``bound="monte_carlo"`` uses the real loss, which needs less data to become stable
# than its second-order model. Five batches are labelled per day.

X, y = shuffle(*load_digits_images(), random_state=0)
tol = 0.025 if chosen.full else 0.1
est = SampleSizeEstimator(tol=tol, bound="monte_carlo", random_state=0)
for i, start in enumerate(range(0, len(X), 64), start=1):
    batch = slice(start, start + 64)
    est.partial_fit(X[batch], y[batch], classes=range(10))
    print(
        f"{min(batch.stop, len(X)):5d} labelled: {est.verdict_}; at least "
        f"{est.n_samples_needed_interval_[0]:,} samples to train on, "
        f"accuracy {est.score_curve_[-1]:.3f}"
    )
    if est.converged_:
        break
    if i % 5 == 0:
        est.save(folder)
        est = SampleSizeEstimator.load(folder)
        print("The session was saved, and is loaded again.")

# %%
# A fifth of every batch is held out, so the net was trained on fewer images than were
# labelled.

print(est.summary())
SampleSizeDisplay.from_estimator(est)
plt.show()
