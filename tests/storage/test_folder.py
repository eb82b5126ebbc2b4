"""The folder of a checkpoint. Oracles: its list of files, and the fit without one."""

from __future__ import annotations

import errno
import hashlib
import json
import os

import pytest
from sklearn.base import clone

from sufficient import SampleSizeEstimator
from sufficient.storage.checkpoint import Checkpoint
from sufficient.storage.folder import StateFolder
from tests.storage.fits import NET, SCHEDULE, assert_same, fit, stepwise
from tests.strict import strict


class TestTheFolder:
    def test_keeps_two_states_and_leaves_the_rest_alone(self, tmp_path):
        mine = tmp_path / "mine.json"
        mine.write_text("mine")
        fit(stepwise(checkpoint=tmp_path))
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
        for path in begun.glob("*.json"):
            state = strict(path.read_text())["state"]
            assert state["run"]["measurements"][0]["columns"]["batch_count"] == 1

    def test_may_not_be_a_file(self, tmp_path):
        path = tmp_path / "file"
        path.write_text("")
        with pytest.raises(ValueError, match="another folder"):
            fit(stepwise(checkpoint=path))
        with pytest.raises(ValueError, match="another folder"):
            fit(stepwise()).save(path)

    def test_of_one_kind_is_not_read_as_another(self, begun, tmp_path):
        with pytest.raises(ValueError, match="no saved estimator"):
            SampleSizeEstimator.load(begun)
        est = fit(stepwise())
        est.save(tmp_path)
        with pytest.raises(ValueError, match="holds something else"):
            fit(est.set_params(checkpoint=tmp_path))

    def test_of_version_0_1_is_no_damage(self, begun):
        for path in begun.glob("*.json"):
            content = strict(path.read_text())
            del content["checksum"], content["n_bytes"]
            checksum = hashlib.sha256(json.dumps(content).encode()).hexdigest()
            path.write_text(json.dumps({"checksum": checksum, **content}))
        for read in (
            lambda: fit(stepwise(checkpoint=begun)),
            StateFolder(begun).newest,
        ):
            with pytest.raises(ValueError, match=r"by version 0\.1.*Fit again"):
                read()

    @pytest.mark.parametrize("call", ["fsync", "replace"])
    def test_may_become_full(self, call, tmp_path, monkeypatch, no_training):
        est = stepwise(checkpoint=tmp_path)
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
        assert_same(fit(stepwise()), first)
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
        est = fit(stepwise())
        est.save(tmp_path)

        def full(*args):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space left"):
                est.save(tmp_path)
        assert_same(est, SampleSizeEstimator.load(tmp_path, estimator=NET))


def test_a_checkpoint_makes_its_folder(tmp_path):
    assert Checkpoint(tmp_path / "a" / "b").found is None
    assert (tmp_path / "a" / "b").is_dir()
