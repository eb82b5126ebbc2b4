"""The command under torchrun. Oracle: the command alone."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.ranks.questions import blobs


def torchrun(*program, cwd):
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    return subprocess.run(
        [*launcher, "--nproc_per_node=2", *program],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_command_gives_the_same_answer_under_torchrun(tmp_path):
    pytest.importorskip("matplotlib")
    asked = ["-m", "sufficient", "digits", "--n-samples=600", "--json"]
    one = subprocess.run([sys.executable, *asked], capture_output=True, check=True)
    two = torchrun(*asked, "--plot=curve.png", cwd=tmp_path)
    assert two.returncode == 0, two.stderr
    # Only one rank speaks: there is a single JSON object, and it draws once.
    one, both = json.loads(one.stdout), json.loads(two.stdout)
    assert two.stderr.count("Picture: curve.png") == 1
    assert_allclose(both["eigenvalues"], one["eigenvalues"], rtol=1e-6)
    for name in ("delta", "projected", "smoothed", "train_loss", "validation_score"):
        assert_allclose(both["curves"][name], one["curves"][name], rtol=1e-6)
    for name in ("verdict", "k_star", "n_samples_needed"):
        assert both[name] == one[name]


@pytest.mark.slow
def test_ranks_that_read_other_data_are_told_under_torchrun(tmp_path):
    X, y = blobs()
    for rank in (0, 1):
        np.savez(tmp_path / f"of-{rank}.npz", X=X + rank, y=y)
    (tmp_path / "script.py").write_text(
        "import os, sys\n"
        "from sufficient.command.main import main\n"
        "sys.exit(main([f'of-{os.environ[\"RANK\"]}.npz', '--quiet']))\n"
    )
    done = torchrun("script.py", cwd=tmp_path)
    assert done.returncode != 0
    assert "was given another problem than rank 0 (there): X is array" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("does", ["sys.exit(0)", "time.sleep(600)"])
def test_a_rank_that_leaves_or_sleeps_is_named_under_torchrun(does, tmp_path):
    (tmp_path / "script.py").write_text(
        "import os, sys, time\n"
        "from sufficient.ranks import over_ranks\n"
        f"if os.environ['RANK'] == '1': {does}\n"
        "with over_ranks(timeout=5): pass\n"
    )
    done = torchrun("script.py", cwd=tmp_path)
    assert done.returncode != 0
    assert "Rank 0 of 2 lost rank 1" in done.stderr
