"""Nets and data that would mislead. Oracle: words that name the remedy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skorch.callbacks import Checkpoint, EarlyStopping
from torch import nn
from torch.utils.data import Dataset

from sufficient import SampleSizeEstimator
from sufficient.nets import default_net
from tests.same import assert_same_curves
from tests.small import SEEDED

N = 60
QUICK = {**SEEDED, "schedule": [2], "batch_size": 16, "update_epochs": 1}
RNG = np.random.default_rng(0)
X = RNG.standard_normal((N, 5)).astype(np.float32)
Y = (X[:, 0] > 0).astype(int)


class Linear(nn.Sequential):
    def __init__(self, n_outputs):
        super().__init__(nn.Linear(5, n_outputs))


class AlwaysDropsOut(Linear):
    def forward(self, X):
        return nn.functional.dropout(super().forward(X))


class Detached(Linear):
    def forward(self, X):
        return super().forward(X).detach()


class InDict(Linear):
    def forward(self, X):
        return {"logits": super().forward(X), "hidden": X}


class InTuple(Linear):
    def forward(self, X):
        return super().forward(X), X


class WithoutStatistics(nn.Sequential):
    def __init__(self, n_outputs):
        norm = nn.BatchNorm1d(5, track_running_stats=False)
        super().__init__(norm, nn.Linear(5, n_outputs))


class Lazy(nn.Sequential):
    def __init__(self, n_outputs):
        super().__init__(nn.LazyLinear(4), nn.Tanh(), nn.LazyLinear(n_outputs))


class Known(nn.Sequential):
    def __init__(self, n_outputs):
        super().__init__(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, n_outputs))


class Augmented(Dataset):
    """Other noise at every look."""

    def __len__(self):
        return N

    def __getitem__(self, row):
        return X[row] + RNG.standard_normal(5).astype(np.float32), Y[row]


def asked(net, X=X, y=Y, **changes):
    return SampleSizeEstimator(net, **{**QUICK, **changes}).fit(X, y)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (AlwaysDropsOut, r"two answers.*self\.training"),
        (Detached, r"Remove \.detach\(\)"),
        (InDict, "returns a dict.*picks one.*logits, hidden"),
        (InTuple, "returns a tuple.*picks one"),
        (WithoutStatistics, r"'0' keeps no running statistics.*GroupNorm"),
    ],
)
def test_a_module_that_misleads_is_refused(module, message):
    with pytest.raises(ValueError, match=message):
        asked(module)


def test_a_data_set_that_augments_is_told():
    with pytest.warns(UserWarning, match="other numbers when a sample is read again"):
        asked(Linear, Augmented(), None)


def test_a_trained_net_is_left_alone_and_that_is_said():
    net = default_net(Linear, module__n_outputs=2).fit(X, Y)
    before = net.module_[0].weight.clone()
    with pytest.warns(UserWarning, match=r"fresh nets are trained.*net\.module_"):
        est = asked(net)
    assert torch.equal(net.module_[0].weight, before)
    assert_same_curves(est, asked(default_net(Linear, module__n_outputs=2)))


@pytest.mark.parametrize("callback", [EarlyStopping, Checkpoint])
def test_callbacks_that_want_a_validation_loss_get_another(callback):
    with pytest.raises(ValueError, match=r"train_loss.*leave the callback out"):
        asked(default_net(Linear, callbacks=[callback()]))


def test_callbacks_that_watch_the_training_loss_work(tmp_path):
    callbacks = [
        EarlyStopping(monitor="train_loss"),
        Checkpoint(monitor="train_loss_best", dirname=str(tmp_path)),
    ]
    asked(default_net(Linear, callbacks=callbacks))
    assert (tmp_path / "params.pt").exists()


def test_lazy_layers_learn_their_sizes_before_anything_is_counted(tmp_path):
    est = asked(Lazy)
    assert np.isfinite(est.delta_curve_).all()
    shapes = [p.shape for p in est.estimator_.module_.parameters()]
    assert shapes == [p.shape for p in Known(2).parameters()]
    est.save(tmp_path)
    loaded = SampleSizeEstimator.load(tmp_path, estimator=Lazy)
    assert np.array_equal(loaded.predict_proba(X), est.predict_proba(X))
