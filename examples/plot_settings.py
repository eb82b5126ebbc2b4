"""
What the settings do to the answer
==================================

Tolerance, displacement, directions, batch size and training, each changed while the
others stay. ``--full`` takes 10,000 images of Fashion-MNIST in place of the digits
inside scikit-learn.
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
full = parser.parse_args().full
X, y = load_fashion_mnist(n_samples=10_000) if full else load_digits_images()
base = {"tol": 0.03} if full else {"tol": 0.5, "schedule": 1.3, "n_monte_carlo": 16}

# %%
# A quarter of the tolerance asks for half the change of the loss. ``sigma="auto"``
# looks closer around the weights, where changes are smaller, and so is the tolerance
# that goes with it.

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
    {"update_epochs": 60},
    {"training": "restart"},
]


def answer(changed):
    """One row of the table: what was changed, and what came out."""
    est = SampleSizeEstimator(**{**base, "random_state": 0, **changed})
    with warnings.catch_warnings():
        # The table says which ones have not settled.
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
    }


table = pd.DataFrame([answer(changed) for changed in changes])
print(f"Nothing changed: {base}")
print(table.round(3).to_string(index=False))

# %%
# An open mark is a forecast, beyond the data or not certain yet; lines are 90 %
# intervals, cut where they leave the picture. Tolerance, displacement, directions and
# training change the question, and so the answer. The batch size should not matter, and
# does not.

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
