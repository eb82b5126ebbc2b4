"""The callbacks of the guide, as printed there. Oracle: the trainers themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from sufficient import forecast_scores
from sufficient.nets import default_net
from tests.docs.blocks import blocks_of, imports
from tests.places import DOCS

GUIDE = DOCS / "how_to" / "forecast_scores.md"
SIZES, SEEDS = (40, 80, 160), (0, 1)
X, Y = load_digits(return_X_y=True)
X = (X / 8 - 1).astype(np.float32)


def printed_for(package):
    """The callback of the guide for a trainer."""
    (block,) = (
        text
        for text in blocks_of(GUIDE)
        if imports(text, package) and "class ScoreTable" in text
    )
    namespace: dict = {}
    exec(compile(block, GUIDE.name, "exec"), namespace)
    return namespace["ScoreTable"]


def assert_forecast(path, scores):
    """The table holds what the trainer scored, and can be forecast."""
    rows = pd.read_csv(path, names=["n", "seed", "score"])
    assert rows["n"].tolist() == list(SIZES) * len(SEEDS)
    assert rows["seed"].tolist() == list(np.repeat(SEEDS, len(SIZES)))
    assert rows["score"].tolist() == pytest.approx(scores)
    found = forecast_scores(rows["n"], rows["score"], seeds=rows["seed"])
    assert np.isfinite(found.gain()[0])


def test_that_for_skorch(tmp_path):
    callback, scores = printed_for("skorch"), []
    for seed in SEEDS:
        for n in SIZES:
            table = callback(tmp_path / "scores.csv", seed, X[-200:], Y[-200:])
            net = default_net(
                module__n_inputs=64,
                module__n_outputs=10,
                callbacks=[table],
                max_epochs=3,
            ).fit(X[:n], Y[:n])
            scores.append(net.score(X[-200:], Y[-200:]))
    assert_forecast(tmp_path / "scores.csv", scores)


def test_that_for_lightning(tmp_path):
    lightning = pytest.importorskip("lightning")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(64, 10)

        def training_step(self, batch, _):
            return nn.functional.cross_entropy(self.net(batch[0]), batch[1])

        def validation_step(self, batch, _):
            right = self.net(batch[0]).argmax(1) == batch[1]
            self.log("val_acc", right.float().mean())

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), lr=0.01)

    def loader(rows):
        data = TensorDataset(torch.as_tensor(X[rows]), torch.as_tensor(Y[rows]))
        return DataLoader(data, batch_size=50)

    callback, scores = printed_for("lightning"), []
    quiet = {"logger": False, "enable_progress_bar": False, "accelerator": "cpu"}
    for seed in SEEDS:
        for n in SIZES:
            trainer = lightning.Trainer(
                max_epochs=2,
                callbacks=[callback(tmp_path / "scores.csv", seed)],
                enable_checkpointing=False,
                enable_model_summary=False,
                **quiet,
            )
            module = Module()
            trainer.fit(module, loader(slice(n)), loader(slice(-200, None)))
            with torch.no_grad():
                predicted = module.net(torch.as_tensor(X[-200:])).argmax(1).numpy()
            scores.append(float(np.mean(predicted == Y[-200:])))
    assert_forecast(tmp_path / "scores.csv", scores)
