"""Fits on a Dask cluster of two processes. Oracle: the same fits in this one."""

from __future__ import annotations

import os
import signal

import joblib
import numpy as np
import pytest

from sufficient import MLP, compare_architectures, repeat_sample_size
from sufficient.many_fits.side_by_side import side_by_side
from sufficient.nets import default_net
from tests.same import assert_same_table
from tests.small import SMALL

cloudpickle = pytest.importorskip("cloudpickle")
distributed = pytest.importorskip("distributed")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
N_REPEATS = 4


class KilledOnce(MLP):
    """Kills the process that is first to compute with it; a file says that one was."""

    def __init__(self, n_inputs, n_outputs, hidden_sizes=(16,), flag=""):
        super().__init__(n_inputs, n_outputs, hidden_sizes)
        self.flag = flag

    def forward(self, X):
        try:
            os.close(os.open(self.flag, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return super().forward(X)
        os.kill(os.getpid(), signal.SIGKILL)


def kill(X):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def net(tmp_path):
    flag = str(tmp_path / "killed")
    return default_net("mlp", lr=0.01).set_params(module=KilledOnce, module__flag=flag)


@pytest.fixture
def here(digits, net):
    """The same repeats in this process, where nobody is killed."""
    flag = net.module__flag
    open(flag, "x").close()
    found = repeat_sample_size(
        net, *digits, n_repeats=N_REPEATS, random_state=0, **SMALL
    )
    os.unlink(flag)
    return found


@pytest.fixture
def client():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def sent(monkeypatch):
    """Bytes of every task, and arguments of every scatter, that leave this process."""
    seen = {"tasks": [], "scattered": []}
    submit, scatter = distributed.Client.submit, distributed.Client.scatter

    def submitting(self, function, *args, **kwargs):
        seen["tasks"].append(len(cloudpickle.dumps((args, kwargs))))
        return submit(self, function, *args, **kwargs)

    def scattering(self, data, *args, **kwargs):
        seen["scattered"].append(data)
        return scatter(self, data, *args, **kwargs)

    monkeypatch.setattr(distributed.Client, "submit", submitting)
    monkeypatch.setattr(distributed.Client, "scatter", scattering)
    return seen


def test_a_worker_that_is_killed_loses_nothing(digits, net, here, client, sent):
    before = set(client.run(os.getpid).values())
    with joblib.parallel_config(backend="dask", scatter=list(digits)):
        found = repeat_sample_size(
            net, *digits, n_repeats=N_REPEATS, random_state=0, **SMALL
        )
    assert os.path.exists(net.module__flag)
    client.wait_for_workers(2)
    survivors = before & set(client.run(os.getpid).values())
    assert len(survivors) == 1
    assert_same_table(found.runs, here.runs)
    # The data left once, with no task.
    X, _ = digits
    assert [len(data) for data in sent["scattered"]] == [2]
    assert sent["scattered"][0][0] is X
    assert len(sent["tasks"]) == N_REPEATS
    assert max(sent["tasks"]) < X.nbytes / 5


def test_data_that_died_with_a_worker_are_sent_again(digits, net, here, client):
    with joblib.parallel_config(backend="dask"):
        found = repeat_sample_size(
            net, *digits, n_repeats=N_REPEATS, random_state=0, **SMALL
        )
    assert os.path.exists(net.module__flag)
    assert_same_table(found.runs, here.runs)


def test_architectures_and_folds_are_those_of_one_process(digits, client):
    nets = {
        "linear": default_net("mlp", module__hidden_sizes=()),
        "mlp": default_net("mlp", module__hidden_sizes=(8,)),
    }
    asked = {"cv": 2, "random_state": 0, **SMALL}
    here = compare_architectures(nets, *digits, **asked)
    with joblib.parallel_config(backend="dask", scatter=list(digits)):
        there = compare_architectures(nets, *digits, **asked)
    assert_same_table(there, here)


def test_data_that_died_with_their_only_worker_are_an_error(client):
    with (
        joblib.parallel_config(backend="dask"),
        pytest.raises(RuntimeError, match=r"scatter=\[X, y\]"),
    ):
        side_by_side(kill, [(np.ones(10**6),)])
