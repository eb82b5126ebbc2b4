"""Every public way to compute on a device; each takes its name and returns numbers."""

from __future__ import annotations

import tempfile

import numpy as np
import torch
from skorch import NeuralNetClassifier
from torch import nn

from sufficient import SampleSizeEstimator
from sufficient.curvature import top_eigenpairs
from sufficient.datasets import load_digits_images
from sufficient.features import ImageFeatures
from sufficient.nets import MLP
from tests.data.kinds import Items
from tests.features.bodies import Body
from tests.small import small, small_net

X, Y = load_digits_images(n_samples=160)
TINY = {"schedule": [1, 2], "n_directions": 2, "n_monte_carlo": 4, "n_candidates": 2}
# They say what one draw of the plane found, which depends on the signs of its vectors,
# or how a search ended; a card looks less often whether it may end.
NOT_COMPARED = (
    "delta", "delta_std_err", "quadratic_ratio", "eigen_residual", "n_products",
    "measure_seconds", "smallest_eigenvalue", "negative_curvature",
    "one_batch_std_err", "eigenvalue_std_err",
)  # fmt: skip


class Recurrent(nn.Module):
    """Reads an image line by line."""

    def __init__(self, kind=nn.LSTM):
        super().__init__()
        self.body, self.head = kind(8, 4, batch_first=True), nn.Linear(4, 10)

    def forward(self, X):
        return self.head(self.body(X.reshape(-1, 8, 8))[0][:, -1])


class WithDropout(nn.Sequential):
    """Draws random numbers in training."""

    def __init__(self):
        super().__init__(nn.Linear(64, 8), nn.Dropout(0.3), nn.ReLU(), nn.Linear(8, 10))


class Attention(nn.Module):
    """A transformer that sees an image as eight tokens."""

    def __init__(self):
        super().__init__()
        self.body = nn.TransformerEncoderLayer(8, 2, 16, 0.0, batch_first=True)
        self.head = nn.Linear(8, 10)

    def forward(self, X):
        return self.head(self.body(X.reshape(-1, 8, 8)).mean(1))


def numbers(est):
    """Curves, predictions and score of a fitted estimator."""
    kept = {k: v for k, v in est.curves_.items() if k not in NOT_COMPARED}
    return {
        **kept,
        "predictions": est.predict(X),
        "probabilities": est.predict_proba(X),
        "score": est.score(X, Y),
    }


def estimator(device, net=None, **changes):
    return small(net or small_net(8), device=device, **{**TINY, **changes})


def skorch_net(module, **changes):
    return NeuralNetClassifier(
        module, criterion=nn.CrossEntropyLoss, lr=0.05, **changes
    )


def of_module(module, device, **changes):
    net = skorch_net(module, **changes)
    return numbers(estimator(device, net, schedule=[1]).fit(X, Y))


def updated(device):
    return numbers(estimator(device).fit(X, Y))


def converged(device):
    return numbers(estimator(device, training="converged", schedule=[2]).fit(X, Y))


def trained_once(device):
    net = small_net(8, max_epochs=2)
    return numbers(estimator(device, net, training="full").fit(X, Y))


def labelled(device):
    est = estimator(device)
    for rows in (slice(0, 80), slice(80, 160)):
        est.partial_fit(X[rows], Y[rows])
    return numbers(est)


def streamed(device):
    return numbers(estimator(device).fit(Items(X, Y), None))


def resumed(device):
    with tempfile.TemporaryDirectory() as folder:
        estimator(device, checkpoint=folder).fit(X, Y)
        return numbers(estimator(device, checkpoint=folder).fit(X, Y))


def saved(device):
    with tempfile.TemporaryDirectory() as folder:
        estimator(device).partial_fit(X[:80], Y[:80]).save(folder)
        est = SampleSizeEstimator.load(folder, estimator=small_net(8), device=device)
    return numbers(est.partial_fit(X[80:], Y[80:]))


def convolution(device):
    return numbers(estimator(device, "cnn", schedule=[1]).fit(X, Y))


def lstm(device):
    return of_module(Recurrent, device)


def gru(device):
    return of_module(Recurrent, device, module__kind=nn.GRU)


def attention(device):
    return of_module(Attention, device)


def surfaces(device):
    from sufficient import LandscapeDisplay

    est = estimator(device).fit(X, Y)
    shown = LandscapeDisplay.from_estimator(est, X, Y, n_grid=3)
    # Both directions may be turned round.
    return {"losses": np.sort(np.asarray(shown.losses), axis=None)}


def wide():
    torch.manual_seed(0)
    return MLP(600, 3, hidden_sizes=(6,)), torch.randn(150, 600), torch.arange(150) % 3


def eigenpairs(device):
    net, inputs, targets = wide()
    return {
        f"{matrix} {compress}": top_eigenpairs(
            net.to(device),
            inputs.numpy().astype(float),
            targets,
            n_directions=2,
            matrix=matrix,
            compress=compress,
            random_state=0,
        ).eigenvalues
        for matrix in ("hessian", "ggn")
        for compress in (True, False)
    }


def features(device):
    torch.manual_seed(0)
    images = X.reshape(-1, 1, 8, 8)[:20]
    found = ImageFeatures(Body(), device=device, pixel_range=(-1, 1))
    return {"features": found.fit_transform(images)}
