"""Many hostile folders. Oracle: the memory, the time and the files of the process."""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from sufficient import SampleSizeEstimator
from tests.processes import python
from tests.storage.fits import fit, stepwise
from tests.storage.test_damage import newest_files, places, replaced, sealed

posix = pytest.mark.skipif(os.name != "posix", reason="limits and FIFOs of POSIX")
SECONDS, N_BYTES = 5, 2**30
KINDS = "value", "link", "fifo", "sparse", "nested", "header"
TERABYTES = {"w": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}
HUGE = [
    {"$array": ["x"], "dtype": "<U500000000", "shape": [1]},
    {"$array": [], "dtype": "<U2000000000", "shape": [0]},
    {"$array": [1], "dtype": "<f8", "shape": [2**40]},
    {"$array": [0] * 10, "dtype": "<f8", "shape": [-1, 10**15]},
    {"$float": "1" * 10**6},
    10**4000,
    "x" * 10**7,
    [[0] * 1000] * 1000,
    {"$dict": [[i, i] for i in range(10**5)]},
    {"$tuple": [{"$tuple": []}] * 10**5},
]


def planted(folder, kind, rng):
    """Make a copy of a saved estimator hostile, in one of several ways."""
    chosen = newest_files(folder)[rng.integers(2)]
    if kind == "value":
        seal_with(folder, HUGE[rng.integers(len(HUGE))], rng)
        return
    chosen.unlink()
    if kind == "link":
        chosen.symlink_to(["/dev/zero", "/dev/stdin", "/", folder][rng.integers(4)])
    elif kind == "fifo":
        os.mkfifo(chosen)
    elif kind == "sparse":
        with open(chosen, "wb") as file:
            file.truncate(2 ** int(rng.integers(27, 45)))
    elif kind == "nested":
        chosen.write_text(["[", '{"a":'][rng.integers(2)] * 10**6)
    else:
        header = json.dumps(TERABYTES)
        chosen.write_bytes(len(header).to_bytes(8, "little") + header.encode())


def seal_with(folder, value, rng):
    path = newest_files(folder)[0]
    content = json.loads(path.read_text())
    del content["checksum"]
    everywhere = [place for place in places(content["state"]) if place]
    place = everywhere[rng.integers(len(everywhere))]
    state = replaced(content["state"], place, value)
    path.write_text(sealed({**content, "state": state}))


def tree(folder):
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def open_all(folder):
    """Load every folder; print the largest memory and CPU time, and the refusals."""
    SampleSizeEstimator.load(Path(folder) / "whole")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    longest, refused = 0.0, 0
    warnings.simplefilter("ignore")
    for path in sorted(Path(folder).glob("hostile-*")):
        start = time.process_time()
        try:
            SampleSizeEstimator.load(path)
        except ValueError:
            refused += 1
        longest = max(longest, time.process_time() - start)
    rise = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"n_bytes": 1024 * rise, "seconds": longest, "refused": refused}))


@posix
@pytest.mark.parametrize(
    "n", [12, pytest.param(100, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_hostile_folders_do_no_harm(n, tmp_path):
    whole, rng = tmp_path / "whole", np.random.default_rng(n)
    fit(stepwise(None)).save(whole)
    for i in range(n):
        folder = shutil.copytree(whole, tmp_path / f"hostile-{i:03d}")
        planted(folder, KINDS[i % len(KINDS)], rng)
    before = tree(tmp_path)
    code = f"from {__name__} import open_all; open_all({str(tmp_path)!r})"
    found = json.loads(python("-c", code, timeout=600).splitlines()[-1])
    print(found)
    assert tree(tmp_path) == before
    assert found["refused"] > n / 2
    assert found["seconds"] < SECONDS and found["n_bytes"] < N_BYTES
