"""
A grid search with the sample size as a second score
====================================================

With ``sample_size_scorer``, scikit-learn's `GridSearchCV` reports the sample size of
every candidate together with its accuracy. The search still chooses the most accurate
network. The sample size shows from how many samples on its landscape is stable, and
whether another network is as accurate and stable with fewer. ``--full`` uses 10,000
images of Fashion-MNIST in place of the digits from scikit-learn.
"""

import argparse

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV

from sufficient import SampleSizeEstimator, sample_size_scorer
from sufficient.datasets import load_digits_images, load_fashion_mnist
from sufficient.nets import default_net

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--full", action="store_true")
parser.add_argument("--n-jobs", type=int, default=1, help="fits at a time")
chosen = parser.parse_known_args()[0]  # a notebook has arguments of its own
if chosen.full:
    X, y = load_fashion_mnist(n_samples=10_000)
    settings, folds = {"tol": 0.03}, 5
else:
    X, y = load_digits_images(n_samples=600)
    settings, folds = {"tol": 2.0, "batch_size": 32, "schedule": 2.0}, 3

# %%
# In the names of the parameters, ``estimator`` is the skorch net and ``module`` the
# torch module inside it. Larger scores are better by convention, so the sample size has
# a minus sign. The accuracy is that of the net trained on all the data of the fold.

search = GridSearchCV(
    SampleSizeEstimator(default_net(), random_state=0, **settings),
    {
        "estimator__module__hidden_sizes": [(), (32,), (128, 64)],
        "estimator__lr": [3e-3, 1e-2],
    },
    scoring={"accuracy": "accuracy", "n_star": sample_size_scorer},
    refit="accuracy",
    cv=folds,
    n_jobs=chosen.n_jobs,
    error_score="raise",
)
search.fit(X, y)
found = pd.DataFrame(
    {
        "hidden": search.cv_results_["param_estimator__module__hidden_sizes"],
        "lr": search.cv_results_["param_estimator__lr"],
        "accuracy": search.cv_results_["mean_test_accuracy"],
        "spread": search.cv_results_["std_test_accuracy"],
        "n_star": -search.cv_results_["mean_test_n_star"],
    }
)
print(found.round({"accuracy": 3, "spread": 3, "n_star": 0}).to_string(index=False))

# %%
# The best network has been fitted again to all data; this is its own answer. Its score
# is better than those of the folds, because the folds keep the order of the data: each
# holds digits of other writers. Where writers are known, ``fit`` holds out whole ones
# as well, by ``groups``.

print(search.best_params_)
print(search.best_estimator_.summary())

# %%
# A sample size that is larger than the data is a forecast.

fig, ax = plt.subplots(layout="constrained")
for lr, part in found.groupby("lr"):
    ax.errorbar(part["n_star"], part["accuracy"], part["spread"], fmt="o", label=lr)
    for row in part.itertuples():
        name = "-".join(map(str, row.hidden)) or "linear"
        place = {"xytext": (6, 4), "textcoords": "offset points"}
        ax.annotate(name, (row.n_star, row.accuracy), **place)
ax.set(xscale="log", xlabel="training samples needed", ylabel="accuracy on the folds")
ax.margins(x=0.15)
ax.legend(title="learning rate", loc="lower right")
plt.show()
