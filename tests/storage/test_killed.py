"""Fits in processes that are killed. Oracle: the same fit, left alone."""

from __future__ import annotations

import os

import pytest

from tests.processes import forking
from tests.storage.fits import assert_same, fit, stepwise

FORKING = """
import os, random, signal, sys, time, warnings
from tests.storage.fits import fit, stepwise

warnings.simplefilter("ignore")
est = stepwise(checkpoint=sys.argv[1], schedule="all")
fit(stepwise())  # So that every fork has imported what it needs.

def attempt(prepare):
    pid = os.fork()
    if not pid:
        prepare()
        fit(est)
        os._exit(0)
    return pid

def ended(pid):
    return os.waitpid(pid, 0)[1]

def killed_after_files(n):
    # Counted in files and not in seconds, so that no machine is too slow for it.
    ours, theirs = os.pipe()
    def telling():
        replace = os.replace
        def call(*args):
            replace(*args)
            os.write(theirs, b".")
        os.replace = call
    pid = attempt(telling)
    os.close(theirs)
    last = gap = time.perf_counter()
    while n and os.read(ours, 1):
        now = time.perf_counter()
        last, gap, n = now, now - last, n - 1
    if not n:
        time.sleep(random.uniform(0, gap))
        os.kill(pid, signal.SIGKILL)
    os.close(ours)
    return ended(pid)

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
    if sys.argv[4] == "files":
        print(killed_after_files(random.randint(1, 4)))
    else:
        print(ended(attempt(lambda: killed_at_call(i + 1))))
"""


def killed(folder, n, seed, how):
    """Exit codes of n fits with a checkpoint in the folder, killed by file or call."""
    printed = forking(FORKING, folder, n, seed, how, timeout=500)
    return [int(line) for line in printed.split()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
class TestSigkill:
    def test_at_random_moments(self, tmp_path):
        codes = killed(tmp_path, 5, 0, "files")
        assert codes[0] == 9
        assert_same(
            fit(stepwise(schedule="all")),
            fit(stepwise(schedule="all", checkpoint=tmp_path)),
        )

    def test_at_every_step_of_writing(self, tmp_path):
        codes = killed(tmp_path, 15, 0, "call")
        assert codes.count(9) > 10
        assert_same(
            fit(stepwise(schedule="all")),
            fit(stepwise(schedule="all", checkpoint=tmp_path)),
        )
        names = {path.name for path in tmp_path.iterdir()}
        assert not [name for name in names if name.endswith(".part")]

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(10))
    def test_at_many_random_moments(self, seed, tmp_path):
        killed(tmp_path, 20, seed, "files")
        assert_same(
            fit(stepwise(schedule="all")),
            fit(stepwise(schedule="all", checkpoint=tmp_path)),
        )
