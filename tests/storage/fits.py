"""Fits that are stored, and when two of them are the same."""

from __future__ import annotations

import pickle
import warnings
from contextlib import contextmanager

import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping, LRScheduler
from torch import nn

from sufficient.datasets import load_digits_images
from sufficient.nets import default_net
from sufficient.storage.tree import packed
from tests.same import assert_same_curves
from tests.small import small, small_net

X, Y = load_digits_images(n_samples=200)
SCHEDULE = [1, 2, 3, 5]


class Noisy(nn.Module):
    """Draws in training, keeps running statistics, ties two of its weights."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(64, 16),
            nn.BatchNorm1d(16),
            nn.ReLU(),
            nn.Dropout(0.2),
            nn.Linear(16, 16),
            nn.ReLU(),
            nn.Linear(16, 16),
            nn.Linear(16, 10),
        )
        self.layers[6].weight = self.layers[4].weight

    def forward(self, X):
        return self.layers(X)


def skorch_net(module=Noisy, **changes):
    given = {
        "criterion": nn.CrossEntropyLoss,
        "optimizer": torch.optim.AdamW,
        "lr": 0.01,
        "max_epochs": 3,
        "batch_size": 16,
        "callbacks": [
            ("decay", LRScheduler("StepLR", step_size=7, step_every="batch")),
            ("stop", EarlyStopping(monitor="train_loss", patience=2)),
        ],
    }
    return NeuralNetClassifier(module, **{**given, **changes})


NET = small_net(8, max_epochs=3)
NETS = {
    "mlp": NET,
    "cnn": default_net("cnn", module__hidden_size=8, lr=0.01, max_epochs=2),
    "noisy": skorch_net(),
    "momentum": skorch_net(
        optimizer=torch.optim.SGD, optimizer__momentum=0.9, callbacks=None
    ),
}


def stepwise(net=NET, **changes):
    """An estimator that measures at every size of SCHEDULE, whatever it finds."""
    settings = {"schedule": SCHEDULE, "tol": 1e-9, **changes}
    return small(clone(net, safe=False), **settings)


def fit(est, X=X, y=Y):
    """Fit without the warnings that so few samples deserve."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*not settled")
        warnings.filterwarnings("ignore", ".*last of .* sizes")
        warnings.filterwarnings("ignore", ".*but rises")
        return est.fit(X, y)


def assert_same(first, second, X=X):
    """Curves, spectra, answers, nets and optimisers of two fits."""
    assert_same_curves(first, second)
    for name in ("eigenvalues", "eigenvalue_shifts"):
        one, other = getattr(first.curve_, name), getattr(second.curve_, name)
        assert_array_equal(one, other, strict=True)
    assert torch.equal(first.curve_.eigenvectors, second.curve_.eigenvectors)
    assert first.k_star_ == second.k_star_
    assert first.n_samples_needed_interval_ == second.n_samples_needed_interval_
    assert_array_equal(first.class_scores_, second.class_scores_)
    assert repr(first.class_gains_) == repr(second.class_gains_)
    assert repr(first.bin_gains_) == repr(second.bin_gains_)
    assert first.summary() == second.summary()
    assert_array_equal(first.predict(X), second.predict(X), strict=True)
    assert_same_tree(
        packed(first.estimator_.optimizer_.state_dict()),
        packed(second.estimator_.optimizer_.state_dict()),
    )
    one, other = (packed(e.estimator_.module_.state_dict()) for e in (first, second))
    assert_same_tree(one, other)


def assert_same_tree(first, second):
    """What `packed` makes of two states."""
    assert first[0] == second[0]
    assert first[1].keys() == second[1].keys()
    for name, tensor in first[1].items():
        assert torch.equal(tensor, second[1][name]), name


@contextmanager
def no_pickle(monkeypatch):
    """No pickle is read or written meanwhile."""

    def refuse(*args, **kwargs):
        raise AssertionError("unpickled")

    with monkeypatch.context() as patch:
        for owner, name in [
            (pickle, "load"),
            (pickle, "loads"),
            (pickle, "Unpickler"),
            (pickle, "dump"),
            (pickle, "dumps"),
            (torch, "load"),
            (torch, "save"),
        ]:
            patch.setattr(owner, name, refuse)
        yield
