"""Oracle: the same fit or session, never interrupted and never stored."""

from __future__ import annotations

import copy
import errno
import json
import os
import pickle
import shutil
import subprocess
import sys
import warnings
from contextlib import contextmanager, suppress
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.datasets import make_regression
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping, LRScheduler
from torch import nn

from sufficient import (
    MLP,
    SampleSizeEstimator,
    iterate_sample_size_curve,
    sample_size_curve,
)
from sufficient.datasets import load_digits_images
from sufficient.growing.probe import Probe
from sufficient.nets import default_net
from sufficient.reproducibility.fingerprint import described
from sufficient.storage.checkpoint import Checkpoint
from sufficient.storage.folder import StateFolder
from sufficient.storage.tree import packed, unpacked
from sufficient.training.strategies import Training

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


class Remembers(Callback):
    def on_batch_end(self, net, **kwargs):
        self.n_batches = getattr(self, "n_batches", 0) + 1


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


SMALL = default_net("mlp", module__hidden_sizes=(8,), lr=0.01, max_epochs=3)
NETS = {
    "mlp": SMALL,
    "cnn": default_net("cnn", module__hidden_size=8, lr=0.01, max_epochs=2),
    "noisy": skorch_net(),
    "momentum": skorch_net(
        optimizer=torch.optim.SGD, optimizer__momentum=0.9, callbacks=None
    ),
}


def small(net=SMALL, **changes):
    settings = {
        "n_directions": 2,
        "n_monte_carlo": 8,
        "schedule": SCHEDULE,
        "tol": 1e-9,
        "random_state": 0,
    }
    return SampleSizeEstimator(clone(net, safe=False), **{**settings, **changes})


def fit(est, X=X, y=Y):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*not settled")
        warnings.filterwarnings("ignore", ".*last of .* sizes")
        warnings.filterwarnings("ignore", ".*but rises")
        return est.fit(X, y)


def assert_same(first, second, X=X):
    assert first.curves_.keys() == second.curves_.keys()
    for name in first.curves_.keys() - {"measure_seconds"}:
        one, other = first.curves_[name], second.curves_[name]
        assert_array_equal(one, other, err_msg=name, strict=True)
    for name in ("eigenvalues", "eigenvalue_shifts"):
        one, other = getattr(first.curve_, name), getattr(second.curve_, name)
        assert_array_equal(one, other, strict=True)
    assert torch.equal(first.curve_.eigenvectors, second.curve_.eigenvectors)
    assert first.k_star_ == second.k_star_
    assert first.n_samples_needed_interval_ == second.n_samples_needed_interval_
    assert first.summary() == second.summary()
    assert_array_equal(first.predict(X), second.predict(X), strict=True)
    assert_same_tree(
        packed(first.estimator_.optimizer_.state_dict()),
        packed(second.estimator_.optimizer_.state_dict()),
    )
    one, other = (packed(e.estimator_.module_.state_dict()) for e in (first, second))
    assert_same_tree(one, other)


def assert_same_tree(first, second):
    assert first[0] == second[0]
    assert first[1].keys() == second[1].keys()
    for name, tensor in first[1].items():
        assert torch.equal(tensor, second[1][name]), name


class Stopped(BaseException):
    """As little an Exception as Ctrl-C."""


@pytest.fixture
def no_training(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("trained or measured again")

    def switch():
        monkeypatch.setattr(Training, "_train", refuse)
        monkeypatch.setattr(Probe, "measure", refuse)

    return switch


@contextmanager
def no_pickle(monkeypatch):
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


class TestAnInterruptedFit:
    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    @pytest.mark.parametrize("name", NETS)
    def test_goes_on_bit_for_bit(self, name, training, tmp_path, monkeypatch):
        est = small(NETS[name], training=training)
        whole = fit(clone(est))
        original, measured = Probe.measure, []

        def measure(probe, net, seen, fresh, k, record):
            if measured and measured[-1] is not None:
                measured.append(None)
                raise Stopped
            measured.append(k)
            return original(probe, net, seen, fresh, k, record)

        monkeypatch.setattr(Probe, "measure", measure)
        est.set_params(checkpoint=tmp_path)
        for _ in SCHEDULE[1:]:
            with pytest.raises(Stopped), no_pickle(monkeypatch):
                fit(clone(est))
        with no_pickle(monkeypatch):
            resumed = fit(clone(est))
        # No size was measured twice.
        assert [k for k in measured if k] == SCHEDULE
        assert_same(whole, resumed)

    def test_stops_where_it_would_have(self, tmp_path, no_training):
        est = small(tol=1e9, schedule="all", bound="monte_carlo")
        whole = fit(clone(est))
        assert whole.converged_ and whole.batch_counts_[-1] < 8
        est.set_params(checkpoint=tmp_path)
        fit(clone(est))
        no_training()
        assert_same(whole, fit(clone(est)))

    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    def test_that_is_complete_answers_at_once(self, training, tmp_path, no_training):
        est = small(training=training, checkpoint=tmp_path)
        first = fit(clone(est))
        no_training()
        assert_same(first, fit(clone(est)))

    def test_without_a_seed_keeps_the_one_it_drew(self, tmp_path, no_training):
        est = small(random_state=None, checkpoint=tmp_path)
        first = fit(clone(est))
        other = fit(small(random_state=None))
        assert (other.bound_curve_ != first.bound_curve_).any()
        no_training()
        assert_same(first, fit(clone(est)))

    def test_of_a_regressor_goes_on(self, tmp_path, no_training):
        X, y = make_regression(160, 5, n_targets=2, noise=1.0, random_state=0)
        net = default_net("mlp", regression=True, module__hidden_sizes=(4,), lr=0.05)
        est = small(net, checkpoint=tmp_path)
        first = fit(clone(est), X, y)
        no_training()
        assert_same(first, fit(clone(est), X, y), X)
        with pytest.raises(ValueError, match="y differs"):
            fit(clone(est), X, y * 2)

    def test_says_what_it_cannot_remember(self, tmp_path):
        est = small(skorch_net(callbacks=[Remembers()]), checkpoint=tmp_path)
        fit(est)
        with pytest.warns(UserWarning, match="Remembers"):
            fit(est)

    def test_of_the_function_goes_on_too(self, tmp_path, no_training):
        given = small(checkpoint=str(tmp_path / "new" / "folder")).get_params(False)
        curve = sample_size_curve(given.pop("estimator"), X, Y, **given)
        no_training()
        again = sample_size_curve(SMALL, X, Y, **given)
        assert_array_equal(curve.columns["projected"], again.columns["projected"])


FORKING = """
import os, random, signal, sys, time, warnings
from tests.test_checkpoint import fit, small

warnings.simplefilter("ignore")
est = small(checkpoint=sys.argv[1], schedule="all")
fit(small())  # So that every fork has imported what it needs.
start = time.perf_counter()
fit(small(schedule="all"))
seconds = time.perf_counter() - start

def attempt(prepare=lambda: None, delay=None):
    pid = os.fork()
    if not pid:
        prepare()
        fit(est)
        os._exit(0)
    if delay is not None:
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]

def killed_at_call(n):
    left = [n]
    def counting(function):
        def call(*args):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args)
        return call
    os.fsync, os.replace, os.unlink = map(counting, (os.fsync, os.replace, os.unlink))

random.seed(int(sys.argv[3]))
for i in range(int(sys.argv[2])):
    if sys.argv[4] == "time":
        print(attempt(delay=random.uniform(0, seconds)))
    else:
        print(attempt(lambda: killed_at_call(i + 1)))
"""


def killed(folder, n, seed, how):
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(folder), str(n), str(seed), how],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [int(line) for line in done.stdout.split()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
class TestSigkill:
    def test_at_random_moments(self, tmp_path):
        codes = killed(tmp_path, 5, 0, "time")
        assert 9 in codes
        assert_same(
            fit(small(schedule="all")),
            fit(small(schedule="all", checkpoint=tmp_path)),
        )

    def test_at_every_step_of_writing(self, tmp_path):
        codes = killed(tmp_path, 15, 0, "call")
        assert codes.count(9) > 10
        assert_same(
            fit(small(schedule="all")),
            fit(small(schedule="all", checkpoint=tmp_path)),
        )
        names = {path.name for path in tmp_path.iterdir()}
        assert not [name for name in names if name.endswith(".part")]

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(10))
    def test_at_many_random_moments(self, seed, tmp_path):
        killed(tmp_path, 20, seed, "time")
        assert_same(
            fit(small(schedule="all")),
            fit(small(schedule="all", checkpoint=tmp_path)),
        )


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    folder = tmp_path_factory.mktemp("begun")
    fit(small(checkpoint=folder))
    return folder


@pytest.fixture
def checkpoint(begun, tmp_path):
    return shutil.copytree(begun, tmp_path / "checkpoint")


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
            fit(small(checkpoint=checkpoint).set_params(**change))
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
            fit(small(checkpoint=checkpoint), *data)

    @pytest.mark.parametrize(
        "change", [{"verbose": 1}, {"schedule": tuple(SCHEDULE)}, {"sigma": 1}]
    )
    def test_in_name_only_is_the_same(self, change, checkpoint, no_training):
        no_training()
        fit(small(checkpoint=checkpoint, **change), X.astype(float), list(Y))

    def test_in_the_same_folder_at_the_same_time_is_told(self, tmp_path):
        first, second = StateFolder(tmp_path), StateFolder(tmp_path)
        first.write({})
        with pytest.raises(ValueError, match="at the same time"):
            second.write({})

    def test_does_not_lose_the_answer_there_was(self, checkpoint):
        est = fit(small())
        curve = est.curve_
        with pytest.raises(ValueError, match="of another fit"):
            fit(est.set_params(checkpoint=checkpoint, tol=0.7))
        assert est.curve_ is curve


class TestTheFolder:
    def test_keeps_two_states_and_leaves_the_rest_alone(self, tmp_path):
        mine = tmp_path / "mine.json"
        mine.write_text("mine")
        fit(small(checkpoint=tmp_path))
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == [
            "mine.json",
            "state-000003.json",
            "state-000003.safetensors",
            "state-000004.json",
            "state-000004.safetensors",
        ]
        assert mine.read_text() == "mine"

    def test_is_readable_by_any_json_reader(self, begun):
        def refuse(constant):
            raise AssertionError(constant)

        for path in begun.glob("*.json"):
            state = json.loads(path.read_text(), parse_constant=refuse)["state"]
            assert state["run"]["measurements"][0]["columns"]["batch_count"] == 1

    def test_may_not_be_a_file(self, tmp_path):
        path = tmp_path / "file"
        path.write_text("")
        with pytest.raises(ValueError, match="another folder"):
            fit(small(checkpoint=path))
        with pytest.raises(ValueError, match="another folder"):
            fit(small()).save(path)

    def test_of_one_kind_is_not_read_as_another(self, begun, tmp_path):
        with pytest.raises(ValueError, match="no saved estimator"):
            SampleSizeEstimator.load(begun)
        est = fit(small())
        est.save(tmp_path)
        with pytest.raises(ValueError, match="holds something else"):
            fit(est.set_params(checkpoint=tmp_path))

    @pytest.mark.parametrize("call", ["fsync", "replace"])
    def test_may_become_full(self, call, tmp_path, monkeypatch, no_training):
        est = small(checkpoint=tmp_path)
        original, calls = getattr(os, call), []

        def full(*args):
            calls.append(args)
            # The third state and the fourth.
            if len(calls) > {"fsync": 8, "replace": 4}[call]:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return original(*args)

        with monkeypatch.context() as patch:
            patch.setattr(os, call, full)
            with pytest.warns(UserWarning, match="No space left.*The fit goes on"):
                first = fit(clone(est))
        assert_same(fit(small()), first)
        assert (
            StateFolder(tmp_path).newest()["run"]["measurements"][-1]["columns"][
                "batch_count"
            ]
            == SCHEDULE[1]
        )
        assert not list(tmp_path.glob("*.part"))
        assert_same(first, fit(clone(est)))
        no_training()
        assert_same(first, fit(clone(est)))

    def test_full_at_a_save_leaves_what_was_saved(self, tmp_path, monkeypatch):
        est = fit(small())
        est.save(tmp_path)

        def full(*args):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space left"):
                est.save(tmp_path)
        assert_same(est, SampleSizeEstimator.load(tmp_path, estimator=SMALL))


def mutated(data, rng):
    """One of the ways in which files break."""
    data = bytearray(data)
    way = rng.integers(5)
    if way == 0:
        return bytes(data[: rng.integers(len(data))])
    if way == 1:
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
    elif way == 2:
        start = rng.integers(len(data))
        data[start : start + 64] = bytes(len(data[start : start + 64]))
    elif way == 3:
        data[rng.integers(len(data))] = rng.integers(256)
    else:
        start, stop = sorted(rng.integers(len(data), size=2))
        del data[start:stop]
    return bytes(data)


def newest_files(folder):
    last = max(folder.glob("*.json")).stem
    return [folder / f"{last}.json", folder / f"{last}.safetensors"]


def sealed(content):
    """JSON with a checksum that is right, as an attacker would write it."""
    body = json.dumps(content)
    checksum = sha256(body.encode()).hexdigest()
    return json.dumps({"checksum": checksum, **content})


def places(plain, path=()):
    yield path
    if isinstance(plain, dict):
        for key, item in plain.items():
            yield from places(item, (*path, key))
    elif isinstance(plain, list):
        for i, item in enumerate(plain):
            yield from places(item, (*path, i))


def replaced(plain, path, value):
    if not path:
        return value
    copy = dict(plain) if isinstance(plain, dict) else list(plain)
    copy[path[0]] = replaced(plain[path[0]], path[1:], value)
    return copy


@pytest.fixture(scope="module")
def two():
    return fit(small(None, random_state=1)), fit(small(None))


@pytest.fixture(scope="module")
def saved_twice(two, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    for est in two:
        est.save(folder)
    return folder


class TestDamage:
    """Every damaged file is refused in words, or the state before it is used."""

    @staticmethod
    def load(folder):
        """The estimator and whether there was a warning, or None for a refusal."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                return SampleSizeEstimator.load(folder), bool(caught)
            except ValueError as error:
                assert str(error).endswith((".", "anew."))
                return None, None

    def check(self, saved_twice, two, tmp_path, n, both):
        folder = shutil.copytree(saved_twice, tmp_path / "copy")
        rng = np.random.default_rng(n)
        before, last = (est.predict_proba(X) for est in two)
        whole = {path: path.read_bytes() for path in folder.iterdir()}
        targets = sorted(whole) if both else newest_files(folder)
        refused = 0
        for _ in range(n):
            chosen = rng.choice(len(targets), 1 + both, replace=False)
            for path in (targets[i] for i in chosen):
                path.write_bytes(mutated(whole[path], rng))
            est, warned = self.load(folder)
            if est is None:
                refused += 1
            else:
                assert_array_equal(est.predict_proba(X), before if warned else last)
            for path in targets:
                path.write_bytes(whole[path])
        assert (refused > 0) == both

    @pytest.mark.parametrize("both", [False, True])
    def test_of_saved_files(self, saved_twice, two, tmp_path, both):
        self.check(saved_twice, two, tmp_path, 150, both)

    @pytest.mark.slow
    @pytest.mark.parametrize("both", [False, True])
    def test_of_many_saved_files(self, saved_twice, two, tmp_path, both):
        self.check(saved_twice, two, tmp_path, 5000, both)

    @pytest.mark.parametrize(
        "n", [30, pytest.param(1000, marks=pytest.mark.slow)], ids=["few", "many"]
    )
    def test_of_a_checkpoint(self, checkpoint, n):
        whole = fit(small())
        rng = np.random.default_rng(0)
        files = {path: path.read_bytes() for path in checkpoint.iterdir()}
        for _ in range(n):
            path = newest_files(checkpoint)[rng.integers(2)]
            path.write_bytes(mutated(files[path], rng))
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*is damaged")
                assert_same(whole, fit(small(checkpoint=checkpoint)))
            for path, data in files.items():
                path.write_bytes(data)

    def test_of_all_states_is_told(self, checkpoint):
        for path in checkpoint.glob("*.json"):
            path.write_bytes(b"")
        with pytest.raises(ValueError, match=r"there is no other\. Delete .* anew"):
            fit(small(checkpoint=checkpoint))

    def test_is_warned_of(self, checkpoint):
        newest_files(checkpoint)[1].write_bytes(b"")
        with pytest.warns(UserWarning, match="checksum.*before it is used"):
            fit(small(checkpoint=checkpoint))

    @pytest.mark.parametrize(
        "n", [100, pytest.param(5000, marks=pytest.mark.slow)], ids=["few", "many"]
    )
    def test_under_a_right_checksum_runs_no_code(self, saved_twice, tmp_path, n):
        folder = shutil.copytree(saved_twice, tmp_path / "copy")
        path = newest_files(folder)[0]
        content = json.loads(path.read_text())
        del content["checksum"]
        everywhere = list(places(content["state"]))
        rng = np.random.default_rng(n)
        values = [
            None, -1, 10**400, "os.system", [], {}, {"$array": [1], "dtype": "V8"},
            {"$tensor": "no"}, {"$import": "os"}, {"$array": [[]], "dtype": "O"},
            {"$float": "x"}, [[[]]], {"$dict": [[[], 1]]}, True, 1e308,
        ]  # fmt: skip
        for _ in range(n):
            place = everywhere[rng.integers(len(everywhere))]
            value = values[rng.integers(len(values))]
            state = replaced(content["state"], place, value)
            path.write_text(sealed({**content, "state": state}))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with suppress(ValueError):
                    SampleSizeEstimator.load(folder)

    def test_pickles_are_not_opened(self, saved_twice, tmp_path):
        folder, witness = (
            shutil.copytree(saved_twice, tmp_path / "copy"),
            tmp_path / "w",
        )

        class Payload:
            def __reduce__(self):
                return Path.touch, (witness,)

        for path in folder.iterdir():
            path.write_bytes(pickle.dumps(Payload()))
        with pytest.raises(ValueError, match="damaged"):
            SampleSizeEstimator.load(folder)
        assert not witness.exists()

    def test_nested_too_deep_is_damage(self, tmp_path):
        (tmp_path / "state-000001.json").write_text("[" * 10**6)
        with pytest.raises(ValueError, match="damaged"):
            SampleSizeEstimator.load(tmp_path)


class TestSavedAndLoaded:
    @pytest.mark.parametrize("name", [None, "mlp", "cnn"])
    def test_a_net_by_name(self, name, tmp_path, monkeypatch):
        est = fit(small(name))
        with no_pickle(monkeypatch):
            est.save(tmp_path)
            loaded = SampleSizeEstimator.load(str(tmp_path))
        self.check(est, loaded)
        assert loaded.get_params() == est.get_params()

    @pytest.mark.parametrize("name", NETS)
    @pytest.mark.parametrize("training", ["update", "restart", "full"])
    def test_a_net_of_the_user(self, name, training, tmp_path, monkeypatch):
        est = fit(small(NETS[name], training=training))
        with no_pickle(monkeypatch):
            est.save(tmp_path)
            loaded = SampleSizeEstimator.load(tmp_path, estimator=NETS[name])
        self.check(est, loaded)

    def test_a_binary_net_and_labels_of_words(self, tmp_path):
        net = NeuralNetBinaryClassifier(
            MLP, module__hidden_sizes=(8,), optimizer=torch.optim.Adam, lr=0.02
        )
        y = np.where(Y < 5, "small", "large")
        est = fit(small(net), X, y.astype(object))
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=net)
        self.check(est, loaded)
        assert loaded.score(X, y) == est.score(X, y)

    def test_a_regressor(self, tmp_path):
        X, y = make_regression(160, 5, noise=1.0, random_state=0)
        net = default_net("mlp", regression=True, module__hidden_sizes=(), lr=0.05)
        est = fit(small(net), X, y)
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, estimator=net)
        assert_same(est, loaded, X)
        assert loaded.score(X, y) == est.score(X, y)

    @staticmethod
    def check(est, loaded):
        assert_same(est, loaded)
        assert_array_equal(est.predict_proba(X), loaded.predict_proba(X), strict=True)
        assert vars(est).keys() == vars(loaded).keys()
        one, other = est.plateau_, loaded.plateau_
        assert_array_equal(one.relative_shifts, other.relative_shifts, strict=True)
        assert one.n_samples == other.n_samples
        aside = {"curve_", "curves_", "estimator_", "plateau_"}
        for name in {n for n in vars(est) if n.endswith("_")} - aside:
            one, other = getattr(est, name), getattr(loaded, name)
            assert_array_equal(one, other, err_msg=name)
            assert np.asarray(one).dtype == np.asarray(other).dtype

    @pytest.mark.parametrize(
        "net", [None, "cnn", NETS["noisy"]], ids=["mlp", "cnn", "noisy"]
    )
    @pytest.mark.parametrize("training", ["update", "restart"])
    def test_a_labelling_session(self, net, training, tmp_path, monkeypatch):
        est = small(net, training=training, random_state=np.random.RandomState(3))
        loaded = None
        for start in range(0, 200, 40):
            batch = slice(start, start + 40)
            est.partial_fit(X[batch], Y[batch], classes=range(10))
            if start:
                loaded.partial_fit(X[batch], Y[batch])
                assert_same(est, loaded)
            with no_pickle(monkeypatch):
                (loaded or est).save(tmp_path)
                given = None if isinstance(net, str | None) else net
                loaded = SampleSizeEstimator.load(tmp_path, estimator=given)
            assert_same(est, loaded)

    def test_names_of_features_and_random_states(self, tmp_path):
        pd = pytest.importorskip("pandas")
        generator = np.random.RandomState(5)
        est = fit(
            small(None, random_state=generator, schedule=range(1, 3)),
            pd.DataFrame(X).add_prefix("pixel "),
        )
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path)
        assert_array_equal(loaded.feature_names_in_, est.feature_names_in_)
        assert loaded.random_state.rand() == generator.rand()
        assert loaded.schedule == [1, 2]

    def test_pictures_can_be_drawn(self, tmp_path):
        pytest.importorskip("matplotlib").use("Agg")
        from sufficient import LandscapeDisplay, SampleSizeDisplay, SpectrumDisplay

        est = fit(small(None))
        est.save(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path)
        SampleSizeDisplay.from_estimator(loaded)
        SpectrumDisplay.from_estimator(loaded)
        LandscapeDisplay.from_estimator(loaded, X, Y)

    def test_the_net_has_to_be_the_same(self, tmp_path):
        fit(small()).save(tmp_path)
        with pytest.raises(ValueError, match=r"load\(path, estimator=net\)"):
            SampleSizeEstimator.load(tmp_path)
        other = clone(SMALL).set_params(module__hidden_sizes=(9,))
        with pytest.raises(ValueError, match=r"hidden_sizes is \(8\) there and \(9\)"):
            SampleSizeEstimator.load(tmp_path, estimator=other)

    def test_a_net_by_name_needs_none(self, tmp_path):
        fit(small(None)).save(tmp_path)
        with pytest.raises(ValueError, match="leave estimator= out"):
            SampleSizeEstimator.load(tmp_path, estimator=SMALL)

    def test_a_missing_folder_and_an_empty_one_are_told(self, tmp_path):
        for path in (tmp_path, tmp_path / "none"):
            with pytest.raises(FileNotFoundError, match="ever saved in"):
                SampleSizeEstimator.load(path)

    def test_a_device_that_is_not_there_can_be_changed(self, tmp_path):
        est = fit(small(None))
        est.device = "no such device"
        est.save(tmp_path)
        with pytest.raises(ValueError, match="not there"):
            SampleSizeEstimator.load(tmp_path)
        loaded = SampleSizeEstimator.load(tmp_path, device="cpu")
        assert_array_equal(loaded.predict(X), est.predict(X))


class TestIteration:
    GIVEN = small().get_params(deep=False)

    def test_gives_the_curve_after_every_size(self):
        given = {**self.GIVEN}
        curves = list(iterate_sample_size_curve(given.pop("estimator"), X, Y, **given))
        whole = fit(small())
        assert len(curves) == len(SCHEDULE)
        for i, curve in enumerate(curves, start=1):
            # What is smoothed over the first four sizes knows all of them.
            along_k = {"smoothed", "smoothed_std_err"}
            for name in curve.columns.keys() - {"measure_seconds"} - along_k:
                assert_array_equal(curve.columns[name], whole.curves_[name][:i])

    def test_stops_when_told(self):
        steps = iterate_sample_size_curve(SMALL, X, Y, schedule=SCHEDULE)
        curve = next(steps)
        steps.close()
        assert curve.columns["batch_count"].tolist() == [1]
        assert curve.net.predict(X).shape == Y.shape

    def test_goes_on_from_a_checkpoint(self, tmp_path):
        given = {**self.GIVEN, "checkpoint": tmp_path}
        net = given.pop("estimator")
        next(iterate_sample_size_curve(net, X, Y, **given))
        sizes = [
            len(curve.columns["projected"])
            for curve in iterate_sample_size_curve(net, X, Y, **given)
        ]
        assert sizes == [1, 2, 3, 4]

    def test_takes_no_other_parameters(self):
        with pytest.raises(TypeError, match="tolerance"):
            iterate_sample_size_curve(SMALL, X, Y, tolerance=1)
        with pytest.raises(ValueError, match="'tol' parameter"):
            iterate_sample_size_curve(SMALL, X, Y, tol=-1)


class TestTree:
    def test_comes_back_as_it_was(self):
        tree = {
            "nan": float("nan"),
            "deep": [(1, (2.5, None)), {"a": {}, "$b": [], 3: "three", (1, 2): True}],
            "arrays": [
                np.array(["a", "bcd"]),
                np.array([1, 0], dtype=np.uint64),
                np.array([[np.inf, 0.1]]),
                np.array(["x", "y"], dtype=object),
                np.zeros((3, 0), dtype=np.float32),
                np.array([True]),
            ],
            "tensors": {
                "half": torch.ones(2, dtype=torch.bfloat16),
                "none": torch.ones(0),
            },
        }
        plain, tensors = packed(tree)
        back = unpacked(json.loads(json.dumps(plain, allow_nan=False)), tensors)
        assert np.isnan(back.pop("nan"))
        assert back["deep"] == tree["deep"]
        for one, other in zip(tree["arrays"], back["arrays"], strict=True):
            assert_array_equal(one, other, strict=True)
        for name, tensor in tree["tensors"].items():
            assert torch.equal(back["tensors"][name], tensor)

    def test_tensors_of_one_memory_are_stored_apart(self):
        tensor = torch.arange(4.0)
        _, tensors = packed([tensor, tensor[1:], {"a/b": tensor, "a": {"b": tensor}}])
        assert len(tensors) == 4

    @pytest.mark.parametrize("value", [object(), 1j, np.array([1j]), {"a": [print]}])
    def test_takes_nothing_else(self, value):
        with pytest.raises(ValueError, match="cannot be stored"):
            packed(value)


def test_a_net_that_cannot_be_stored_is_told(tmp_path):
    class Extra(Noisy):
        def get_extra_state(self):
            return object()

        def set_extra_state(self, state):
            pass

    with pytest.raises(ValueError, match="_extra_state is a object"):
        fit(small(skorch_net(Extra), checkpoint=tmp_path))


def test_a_checkpoint_makes_its_folder(tmp_path):
    assert Checkpoint(tmp_path / "a" / "b").found is None
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (partial(MLP, hidden_sizes=(8,)), partial(MLP, hidden_sizes=(9,))),
        ({"a", "b"}, {"a", "c"}),
        (np.array(["a"]), np.array(["b"])),
        (torch.zeros(2), torch.zeros(3)),
        (torch.zeros(2), torch.zeros(2, dtype=torch.float64)),
        (EarlyStopping(patience=1), EarlyStopping(patience=2)),
        (nn.CrossEntropyLoss, nn.NLLLoss),
        (True, 1),
        ("1", 1),
    ],
)
def test_what_differs_has_another_fingerprint(one, other):
    assert described(one) != described(other)
    assert described(one) == described(copy.deepcopy(one))


def test_numbers_that_are_equal_have_one_fingerprint():
    assert described([1, 0.5]) == described((np.float32(1.0), np.float64(0.5)))
