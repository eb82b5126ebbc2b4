"""
Label in batches until there are enough
=======================================

A simulated annotator labels 64 images at a time and passes them to ``partial_fit``.
After each batch, one line shows the answer so far. Every evening the session is saved,
and the next morning it is loaded. Labelling ends when the verdict is "sufficient".
``--full`` asks for gains of one point of accuracy instead of two, so more images are
labelled.
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
chosen = parser.parse_known_args()[0]  # a notebook has arguments of its own
folder = chosen.folder or tempfile.mkdtemp()

# %%
# ``min_gain`` is the gain for which the annotator would label as many images again.
# Five batches are labelled per day.

X, y = shuffle(*load_digits_images(), random_state=0)
est = SampleSizeEstimator(min_gain=0.01 if chosen.full else 0.02, random_state=0)
for i, start in enumerate(range(0, len(X), 64), start=1):
    batch = slice(start, start + 64)
    est.partial_fit(X[batch], y[batch], classes=range(10))
    print(
        f"{min(batch.stop, len(X)):5d} labelled: accuracy {est.score_curve_[-1]:.3f}, "
        f"enough with probability {est.probability_sufficient_:.2f}: {est.verdict_}"
    )
    if est.verdict_ == "sufficient":
        break
    if i % 5 == 0:
        est.save(folder)
        est = SampleSizeEstimator.load(folder)
        print("The session was saved, and is loaded again.")

# %%
# A fifth of every batch is held out. The last batch was first used to measure the
# landscape, so the curves end one batch before it.

print(est.summary())
SampleSizeDisplay.from_estimator(est)
plt.show()
