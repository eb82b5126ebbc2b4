"""A checkpoint is of one fit. Oracle: what was asked there, and the bytes on disk."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skorch.callbacks import EarlyStopping

from sufficient.storage.folder import StateFolder
from tests.storage.fits import SCHEDULE, X, Y, fit, stepwise


class TestAnotherFit:
    @pytest.mark.parametrize(
        "change",
        [
            {"tol": 0.5},
            {"batch_size": 10},
            {"n_directions": 3},
            {"sigma": 0.5},
            {"bound": "monte_carlo"},
            {"n_monte_carlo": 9},
            {"training": "restart"},
            {"min_gain": 0.5},
            {"patience": 3},
            {"validation_fraction": 0.25},
            {"schedule": [1, 2, 3]},
            {"update_epochs": 3},
            {"n_fresh": 100},
            {"n_candidates": 2},
            {"eigen_tol": 0.1},
            {"random_state": 1},
            {"estimator__lr": 0.02},
            {"estimator__module__hidden_sizes": (9,)},
            {"estimator__optimizer": torch.optim.SGD},
            {"estimator__callbacks": [EarlyStopping(monitor="train_loss")]},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_by_its_parameters_is_refused(self, change, checkpoint):
        before = {path: path.read_bytes() for path in checkpoint.iterdir()}
        with pytest.raises(ValueError, match=f"{next(iter(change))} .*another folder"):
            fit(stepwise(checkpoint=checkpoint).set_params(**change))
        assert before == {path: path.read_bytes() for path in checkpoint.iterdir()}

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("X", (X + np.eye(*X.shape, dtype=X.dtype), Y)),
            ("X", (X[::-1], Y)),
            ("y", (X, np.roll(Y, 1))),
            ("y", (X, Y + 1)),
            ("X", (X[:-1], Y[:-1])),
        ],
    )
    def test_by_its_data_is_refused(self, name, data, checkpoint):
        with pytest.raises(ValueError, match=f"{name} differs"):
            fit(stepwise(checkpoint=checkpoint), *data)

    @pytest.mark.parametrize(
        "change", [{"verbose": 1}, {"schedule": tuple(SCHEDULE)}, {"sigma": 1}]
    )
    def test_in_name_only_is_the_same(self, change, checkpoint, no_training):
        no_training()
        fit(stepwise(checkpoint=checkpoint, **change), X.astype(float), list(Y))

    def test_in_the_same_folder_at_the_same_time_is_told(self, tmp_path):
        first, second = StateFolder(tmp_path), StateFolder(tmp_path)
        first.write({})
        with pytest.raises(ValueError, match="at the same time"):
            second.write({})

    def test_does_not_lose_the_answer_there_was(self, checkpoint):
        est = fit(stepwise())
        curve = est.curve_
        with pytest.raises(ValueError, match="of another fit"):
            fit(est.set_params(checkpoint=checkpoint, tol=0.7))
        assert est.curve_ is curve
