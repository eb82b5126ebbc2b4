"""
How the settings affect the answer
==================================

Tolerance, displacement, directions, batch size, training and the gain that counts are
changed one at a time. ``--full`` uses 10,000 images of Fashion-MNIST in place of 1,000
digits from scikit-learn.
"""

import argparse
import warnings

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from sufficient import SampleSizeEstimator
from sufficient.datasets import load_digits_images, load_fashion_mnist

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--full", action="store_true")
full = parser.parse_known_args()[0].full  # a notebook has arguments of its own
load, n = (load_fashion_mnist, 10_000) if full else (load_digits_images, 1_000)
X, y = load(n_samples=n)
base = {"tol": 0.03} if full else {"tol": 2.0, "n_monte_carlo": 16}

# %%
# Delta is a squared change of the loss, so a quarter of the tolerance allows half the
# change. ``sigma="auto"`` uses smaller displacements. The changes of the loss are then
# smaller too, so the tolerance has to be smaller.

changes = [
    {},
    {"tol": base["tol"] / 4},
    {"tol": base["tol"] * 4},
    {"bound": "monte_carlo"},
    {"sigma": 0.5},
    {"sigma": "auto", "tol": 1e-4},
    {"n_directions": 2},
    {"n_directions": 20},
    {"batch_size": 16},
    {"min_gain": 0.02},
    {"training": "update"},
    {"training": "restart"},
]


def answer(changed):
    """One row of the table: the changed settings and the answer."""
    est = SampleSizeEstimator(**{**base, "random_state": 0, **changed})
    with warnings.catch_warnings():
        # The column "converged" shows which fits have not settled.
        warnings.simplefilter("ignore", ConvergenceWarning)
        est.fit(X, y)
    low, high = est.n_samples_needed_interval_
    name = ", ".join(f"{key}={value}" for key, value in changed.items())
    return {
        "changed": name or "nothing",
        "n_star": est.n_samples_needed_,
        "low": low,
        "high": high,
        "converged": est.converged_,
        "accuracy": est.score_curve_[-1],
        "p(enough)": est.probability_sufficient_,
    }


table = pd.DataFrame([answer(changed) for changed in changes])
print(f"Nothing changed: {base}")
print(table.round(3).convert_dtypes().to_string(index=False))

# %%
# ``n_star`` is the answer of the landscape. Open markers are forecasts of it, either
# beyond the data or not confirmed yet; there is none beyond 16 times the data. Lines
# are 90 % intervals, cut off at the edge of the picture. Tolerance, displacement,
# directions and training change the question, so they change the answer. The batch size
# should hardly affect it.
#
# The probability that there are enough data is about the score. Of all these settings,
# only training and ``min_gain`` change the question that it answers.

fig, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
for place, row in table.iterrows():
    fill = None if row["converged"] else "white"
    ax.plot(row[["low", "high"]], [place, place], color="C0")
    ax.plot(row["n_star"], place, "o", color="C0", mfc=fill)
ax.set(xscale="log", xlabel="training samples needed")
ax.set_xlim(table["low"].min() / 2, table["n_star"].max() * 5)
ax.set_yticks(table.index, table["changed"])
ax.invert_yaxis()
plt.show()
