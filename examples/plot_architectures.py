"""
Which architecture needs how much data?
=======================================

A table like that of the papers: accuracy, training samples needed and time of four
architectures, averaged over the folds of a cross-validation. The fourth is a linear
head on the features of a convolutional network that was trained on other images.

By default the data are the digits 5 to 9 from scikit-learn, with features learnt on the
digits 0 to 4. ``--full`` uses 10,000 images of Fashion-MNIST, with features learnt on
MNIST.
"""

import argparse

import matplotlib.pyplot as plt
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from sufficient import SampleSizeEstimator, compare_architectures
from sufficient.datasets import load_digits_images, load_fashion_mnist, load_mnist
from sufficient.features import ImageFeatures
from sufficient.nets import default_net

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--full", action="store_true")
parser.add_argument("--n-jobs", type=int, default=1, help="fits at a time")
chosen = parser.parse_known_args()[0]  # a notebook has arguments of its own
if chosen.full:
    others = load_mnist(n_samples=10_000)
    X, y = load_fashion_mnist(n_samples=10_000)
    settings, folds, lr = {"tol": 0.03}, 5, 1e-3
else:
    X, y = load_digits_images()
    others, (X, y) = (X[y < 5], y[y < 5]), (X[y > 4], y[y > 4])
    settings, folds, lr = {"tol": 2.0, "batch_size": 32, "schedule": 2.0}, 3, 3e-3

# %%
# The layers of a network trained on other images, without its last layer, become a
# transformer. `ImageFeatures` passes three channels with pixels in [0, 1]. The network
# needs one channel with pixels in [-1, 1], so ``preprocess`` converts them back.

torch.manual_seed(0)
sizes = {"module__n_inputs": X.shape[1], "module__n_outputs": 10}
trained = default_net("cnn", lr=lr, **sizes).fit(*others).module_
body = nn.Sequential(trained.features, trained.head[:2])


def as_trained(pixels):
    """Convert three equal channels in [0, 1] to flat rows in [-1, 1] for `ConvNet`."""
    return pixels[:, :1].flatten(1) * 2 - 1


features = ImageFeatures(body, image_shape=trained.image_shape, preprocess=as_trained)
head = default_net(module__hidden_sizes=(), lr=1e-2)
settings["random_state"] = 0
architectures = {
    "MLP-1": default_net(module__hidden_sizes=(128,)),
    "MLP-2": "mlp",
    "CNN": default_net("cnn", lr=lr),
    "features + head": make_pipeline(
        features, StandardScaler(), SampleSizeEstimator(head, **settings)
    ),
}

# %%
# One call fits every architecture on every fold and scores it on the test part. The
# score is that of the net trained on all the data of the fold. ``n_samples_needed`` is
# the size from which the landscape is stable. The numbers are the same for any
# ``n_jobs``.

settings |= {"cv": folds, "n_jobs": chosen.n_jobs}
table = compare_architectures(architectures, X, y, **settings)
columns = ["score", "score_std", "expected_gain", "n_samples_needed"]
print(table[[*columns, "converged", "seconds"]].round(3).to_string())
print(table["verdict"].to_string())

# %%
# Up and to the left is better: more accurate, with less data. Bars show one standard
# deviation over the folds. With an open marker, some of the sample sizes are forecasts.

plt.style.use("tableau-colorblind10")
fig, ax = plt.subplots(layout="constrained")
for marker, (name, row) in zip("osD^", table.iterrows(), strict=True):
    style = {"fmt": marker, "mfc": None if row["converged"] == 1 else "white"}
    bars = row["score_std"], row["n_samples_needed_std"]
    ax.errorbar(row["n_samples_needed"], row["score"], *bars, label=name, **style)
ax.set(xscale="log", xlabel="training samples needed", ylabel="accuracy on the folds")
fig.legend(loc="outside lower center", ncols=2)
plt.show()
