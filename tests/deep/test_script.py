"""A net whose class is in a script. Oracle: the script runs, and so does another."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import pytest

from tests.places import ROOT

NET = """
import sys

import numpy as np
from sklearn.model_selection import cross_val_score
from torch import nn

from sufficient import SampleSizeEstimator, compare_architectures, repeat_sample_size
from sufficient.nets import default_net
from sufficient.ranks import over_ranks
from tests.same import assert_same_curves

X = np.random.default_rng(0).standard_normal((120, 4)).astype("float32")
Y = (X[:, 0] > 0).astype(int)
QUICK = {
    "n_directions": 2, "n_monte_carlo": 4, "schedule": [2, 4], "random_state": 0,
    "training": "update", "refit": False,
}


class Net(nn.Module):
    def __init__(self, width=3):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, width), nn.Tanh(), nn.Linear(width, 2))

    def forward(self, X):
        return self.layers(X)


NETS = {"class": Net, "net": default_net(Net)}
folder = sys.argv[1]
"""
SAVING = """
import pickle

for name, net in NETS.items():
    how = {**QUICK, "checkpoint": f"{folder}/checkpoint {name}"}
    est = SampleSizeEstimator(net, **how).fit(X, Y)
    assert_same_curves(SampleSizeEstimator(net, **how).fit(X, Y), est)
    est.save(f"{folder}/{name}")
    copy = pickle.loads(pickle.dumps(est))
    assert (copy.predict(X) == est.predict(X)).all()
    with open(f"{folder}/pickled", "wb") as file:
        pickle.dump(est, file)
"""
LOADING = """
for name, net in NETS.items():
    est = SampleSizeEstimator.load(f"{folder}/{name}", estimator=net)
    assert_same_curves(est, SampleSizeEstimator(net, **QUICK).fit(X, Y))
"""
SIDE_BY_SIDE = """
if __name__ == "__main__":
    for name, net in NETS.items():
        est = SampleSizeEstimator(net, **QUICK)
        alone = SampleSizeEstimator(net, **QUICK).fit(X, Y)
        assert len(repeat_sample_size(est, X, Y, n_repeats=2, n_jobs=2).runs) == 2
        compare_architectures({"one": est, "two": est}, X, Y, n_jobs=2)
        assert len(cross_val_score(est, X, Y, cv=2, n_jobs=2)) == 2
"""
IN_RANKS = """
with over_ranks(timeout=60):
    est = SampleSizeEstimator(Net, **QUICK).fit(X, Y)
"""


def run(tmp_path, name, *parts, launcher=()):
    script = tmp_path / f"{name}.py"
    script.write_text("".join([NET, *parts]))
    return subprocess.run(
        [sys.executable, "-W", "ignore", *launcher, str(script), str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_what_one_script_saves_another_with_the_class_loads(tmp_path):
    for name, part in (("saves", SAVING), ("loads", LOADING)):
        done = run(tmp_path, name, part)
        assert done.returncode == 0, done.stderr
    # The reason for `save`: what pickle writes belongs to the script.
    with pytest.raises(AttributeError, match="Net"):
        pickle.loads((tmp_path / "pickled").read_bytes())


@pytest.mark.slow
def test_other_processes_get_the_class(tmp_path):
    done = run(tmp_path, "side_by_side", SIDE_BY_SIDE)
    assert done.returncode == 0, done.stderr
    two = "-m", "torch.distributed.run", "--nproc-per-node", "2"
    done = run(tmp_path, "in_ranks", IN_RANKS, launcher=two)
    assert done.returncode == 0, done.stderr
