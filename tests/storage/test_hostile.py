"""Folders that a stranger has prepared. Oracle: what must not happen to the caller."""

from __future__ import annotations

import json
import os
import stat

import numpy as np
import pytest

from sufficient import SampleSizeEstimator
from sufficient.storage.files import read_whole, write_whole
from sufficient.storage.folder import StateFolder
from sufficient.storage.tree import unpacked
from tests.small import small

posix = pytest.mark.skipif(os.name != "posix", reason="links and FIFOs of POSIX")


@pytest.fixture
def folder(tmp_path):
    found = StateFolder(tmp_path / "states").make()
    found.write({"weights": np.arange(3.0)})
    return found


@posix
@pytest.mark.parametrize("end", ["json", "safetensors"])
@pytest.mark.parametrize("plant", ["device", "fifo", "folder", "link"])
def test_only_regular_files_are_read(folder, end, plant, tmp_path):
    path = folder.path / f"state-000001.{end}"
    path.rename(tmp_path / "there")
    if plant == "device":
        path.symlink_to("/dev/zero")
    elif plant == "fifo":
        os.mkfifo(path)
    elif plant == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "there")
    with pytest.raises(ValueError, match="is damaged"):
        StateFolder(folder.path).newest()


@posix
def test_a_planted_link_is_not_written_through(folder, tmp_path):
    target = tmp_path / "precious"
    target.write_text("mine")
    for end in ("json", "safetensors"):
        (folder.path / f"state-000002.{end}.part").symlink_to(target)
    folder.write({"weights": np.arange(4.0)})
    assert target.read_text() == "mine"
    assert StateFolder(folder.path).newest()["weights"].tolist() == [0, 1, 2, 3]


@posix
def test_what_is_written_is_for_its_owner_only(folder):
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.path.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_too_large_a_file_is_not_read(tmp_path):
    path = tmp_path / "large"
    write_whole(path, b"12345")
    assert read_whole(path, most=5) == b"12345"
    with pytest.raises(ValueError, match="5 bytes, more than the 4"):
        read_whole(path, most=4)


@posix
def test_no_more_is_read_than_was_written(folder):
    path = folder.path / "state-000001.safetensors"
    with open(path, "ab") as file:
        file.truncate(2**40)
    with pytest.raises(ValueError, match="1,099,511,627,776 bytes, more than the"):
        StateFolder(folder.path).newest()


def test_texts_longer_than_the_file_are_refused():
    plain = {"$array": ["x"], "dtype": "<U500000000", "shape": [1]}
    with pytest.raises(ValueError, match="would take 2,000,000,000 bytes"):
        unpacked(plain, {})


def test_a_file_does_not_say_where_the_next_fit_writes(digits, tmp_path):
    est = small(checkpoint=tmp_path / "here").fit(*digits)
    est.save(tmp_path / "saved")
    loaded = SampleSizeEstimator.load(tmp_path / "saved", estimator=est.estimator)
    assert loaded.checkpoint is None
    (newest,) = (tmp_path / "saved").glob("*.json")
    assert "checkpoint" not in json.loads(newest.read_text())["state"]["parameters"]


def test_a_checkpoint_of_an_earlier_version_is_named(digits, tmp_path):
    StateFolder(tmp_path).make().write({"kind": "checkpoint 1"})
    with pytest.raises(ValueError, match=r"by an earlier version.*Delete the folder"):
        small(checkpoint=tmp_path).fit(*digits)
