"""Files that broke. Oracles: what was saved before, and a refusal in words."""

from __future__ import annotations

import json
import pickle
import shutil
import warnings
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sufficient import SampleSizeEstimator
from tests.storage.fits import X, assert_same, fit, stepwise


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
    return fit(stepwise(None, random_state=1)), fit(stepwise(None))


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
        whole = fit(stepwise())
        rng = np.random.default_rng(0)
        files = {path: path.read_bytes() for path in checkpoint.iterdir()}
        for _ in range(n):
            path = newest_files(checkpoint)[rng.integers(2)]
            path.write_bytes(mutated(files[path], rng))
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".*is damaged")
                assert_same(whole, fit(stepwise(checkpoint=checkpoint)))
            for path, data in files.items():
                path.write_bytes(data)

    def test_of_all_states_is_told(self, checkpoint):
        for path in checkpoint.glob("*.json"):
            path.write_bytes(b"")
        with pytest.raises(ValueError, match=r"there is no other\. Delete .* anew"):
            fit(stepwise(checkpoint=checkpoint))

    def test_is_warned_of(self, checkpoint):
        newest_files(checkpoint)[1].write_bytes(b"")
        with pytest.warns(UserWarning, match="checksum.*before it is used"):
            fit(stepwise(checkpoint=checkpoint))

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
