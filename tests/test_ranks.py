"""Two processes against one, and against the dense Hessian in float64.

This file is also the script that both of them run.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from numpy.testing import assert_allclose, assert_array_equal
from test_compression import low_rank_problem
from torch import nn
from torch.func import functional_call, hessian

from sufficient import MLP, SampleSizeEstimator, sample_size_curve
from sufficient.curvature import top_eigenpairs
from sufficient.curvature.eigenpairs.compression import compression_of
from sufficient.curvature.eigenpairs.follow import FollowedCurvature
from sufficient.curvature.eigenpairs.leading import leading_curvature
from sufficient.curvature.objective import Objective
from sufficient.nets import default_net
from sufficient.ranks import LostRankError, Ranks, Share, broadcast, over_ranks, ranks
from sufficient.reproducibility.agreement import broadcast_weights

SMALL = {"n_directions": 3, "n_monte_carlo": 8, "batch_size": 64, "n_candidates": 2}
# Others are differences of nearly equal numbers, where the rounding of float32 shows.
CURVES = {
    "values", "delta", "projected", "smoothed", "train_loss", "fresh_loss", "sigma",
    "gradient_norm", "expected_rise", "train_score", "validation_score", "train_size",
}  # fmt: skip
# They say how a search ended, not what it found.
NOT_COMPARED = {"measure_seconds", "eigen_residual"}


def small_problem(n=301):
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(n, 5, generator=generator).double()
    torch.manual_seed(0)
    net = MLP(5, 3, hidden_sizes=(4,)).double()
    return net, X, X[:, :3].argmax(dim=1)


def branching_problem():
    _, X, y = small_problem(150)
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 3))
    net.double()(X)
    return net, X, y


def blobs():
    generator = np.random.default_rng(0)
    y = np.arange(700) % 3
    centres = generator.standard_normal((3, 6))
    return centres[y] + generator.standard_normal((700, 6)), y


def curve(**parameters):
    net = default_net("mlp", module__hidden_sizes=(8,), lr=0.01)
    chosen = {"schedule": [1, 3, 6], **SMALL, **parameters}
    return sample_size_curve(net, *blobs(), random_state=0, **chosen)


def pairs(found):
    return {"values": found.eigenvalues, "vectors": found.eigenvectors}


# What is asked of one process and of two; the start vectors are drawn without a seed.


def by_layers():
    return pairs(top_eigenpairs(*small_problem(), n_directions=3, tol=1e-9))


def in_chunks():
    how = {"n_directions": 3, "tol": 1e-9, "chunk_size": 40}
    return pairs(top_eigenpairs(*small_problem(), **how))


def by_recorded_graph():
    return pairs(top_eigenpairs(*branching_problem(), n_directions=3, tol=1e-9))


def gauss_newton():
    how = {"n_directions": 3, "tol": 1e-9, "matrix": "ggn"}
    return pairs(top_eigenpairs(*branching_problem(), **how))


def compressed():
    net, X, y = low_rank_problem(noise=0.02)
    objective = Objective(net, "cross_entropy")
    compression = compression_of(objective, X, y, 20)
    start = torch.ones(objective.n_parameters).double()
    how = {"n_directions": 3, "tol": 1e-2, "start": start}
    found = leading_curvature(objective, X, y, compression=compression, **how)
    assert found.compression is not None
    return {
        **pairs(found),
        "shortfall": found.shortfall,
        "outside": compression.outside,
    }


def followed():
    net, X, y = low_rank_problem()
    objective = Objective(net, "cross_entropy")
    following = FollowedCurvature(objective, X, y, n_directions=3, tol=1e-6)
    values = [following.follow(n).eigenvalues for n in (150, 160, 170, 400)]
    loss, gradient = following.loss_and_gradient()
    return {"values": values, "loss": loss, "gradient": gradient}


def growing():
    found = curve()
    return {"values": found.eigenvalues, **found.columns}


def fixed():
    found = curve(training="full", schedule=[3, 6])
    return {"values": found.eigenvalues, **found.columns}


QUESTIONS = [
    by_layers, in_chunks, by_recorded_graph, gauss_newton, compressed, followed,
    growing, fixed,
]  # fmt: skip


def without_a_seed():
    est = SampleSizeEstimator(**SMALL)
    X, y = blobs()
    for half in (slice(0, 350), slice(350, None)):
        est.partial_fit(X[half], y[half])
    return est.curves_["projected"]


def other_data():
    net, X, y = small_problem()
    X[7, 0] += ranks().rank
    with pytest.raises(ValueError) as caught:
        top_eigenpairs(net, X, y)
    return str(caught.value)


def other_parameters():
    with pytest.raises(ValueError) as caught:
        curve(eigen_tol=0.01 / (1 + ranks().rank))
    return str(caught.value)


def drifted():
    module = nn.Linear(3, 2)
    nn.init.constant_(module.weight, 1 + 1e-4 * ranks().rank)
    nn.init.zeros_(module.bias)
    with pytest.warns(UserWarning, match="trained apart by"):
        broadcast_weights(module)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        broadcast_weights(module)
    return module.weight.detach()


def traffic():
    """Vectors of all parameters that are sent while eigenpairs are found."""
    call, sent = Ranks.call, Counter()

    def count(self, collective, tensor, *args, **kwargs):
        if isinstance(tensor, torch.Tensor):
            sent[collective.__name__, tensor.numel() // n_parameters] += 1
        call(self, collective, tensor, *args, **kwargs)

    _, X, y = small_problem()
    net = MLP(5, 3, hidden_sizes=(150,)).double()
    n_parameters = sum(each.numel() for each in net.parameters())
    Ranks.call = count
    try:
        found = top_eigenpairs(net, X, y, n_directions=2, seek_copies=False)
    finally:
        Ranks.call = call
    return found.n_products, sent


def lost(folder):
    """One rank waits for the other, which waits until the first has given up."""
    message = ""
    if ranks().is_first:
        with pytest.raises(LostRankError) as caught:
            broadcast(0.0)
        message = str(caught.value)
        (folder / "gave up").touch()
    while not (folder / "gave up").exists():
        time.sleep(0.1)
    return message


def main(folder):
    torch.set_num_threads(1)
    with over_ranks(timeout=300) as here:
        found = {ask.__name__: ask() for ask in QUESTIONS}
        curve(checkpoint=folder / "checkpoint")
        for ask in (without_a_seed, other_data, other_parameters, drifted, traffic):
            found[ask.__name__] = ask()
    assert ranks().size == 1
    with over_ranks(timeout=2):
        found["lost"] = lost(folder)
    torch.save(found, folder / f"rank-{here.rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What two processes left behind, once for all processes of pytest-xdist."""
    folder = tmp_path_factory.getbasetemp() / "ranks"
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = tmp_path_factory.getbasetemp().parent / "ranks"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            folder.mkdir()
            start_both(folder)
    return folder


def start_both(folder):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": port}
    started = [
        subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            env={**os.environ, **common, "RANK": rank, "LOCAL_RANK": rank},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in "01"
    ]
    errors = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], "\n".join(errors)


@pytest.fixture(scope="module")
def found(folder):
    """Of each of the two processes."""
    return [torch.load(folder / f"rank-{i}.pt", weights_only=False) for i in "01"]


@pytest.fixture(scope="module")
def alone():
    """Of one process."""
    return {ask.__name__: ask() for ask in QUESTIONS}


@pytest.mark.parametrize("name", [ask.__name__ for ask in QUESTIONS])
def test_every_rank_has_the_same_answer_to_the_last_bit(found, name):
    for one, other in zip(*(rank[name].values() for rank in found), strict=True):
        assert_array_equal(np.asarray(one), np.asarray(other))


@pytest.mark.parametrize("name", [ask.__name__ for ask in QUESTIONS])
def test_two_processes_find_what_one_finds(found, alone, name):
    both, one = found[0][name], alone[name]
    # Networks are trained in float32 by the estimators; all others compute in float64.
    trained = name in ("growing", "fixed")
    for key in one.keys() - {"vectors"} - NOT_COMPARED:
        rough = trained and key not in CURVES
        rtol, atol = (1e-4, 1e-7) if rough else (1e-6 if trained else 1e-9, 1e-12)
        assert_allclose(both[key], one[key], rtol, atol, err_msg=key)
    if "vectors" in one:
        cosines = (both["vectors"] * one["vectors"]).sum(0).abs()
        assert_allclose(cosines, 1, rtol=1e-6)


@pytest.mark.parametrize("name", ["by_layers", "in_chunks"])
def test_two_processes_find_the_spectrum_of_the_dense_hessian(found, name):
    net, X, y = small_problem()
    weights = {key: value.detach() for key, value in net.named_parameters()}
    shapes = [value.shape for value in weights.values()]
    sizes = [value.numel() for value in weights.values()]

    def loss(vector):
        parts = zip(weights, vector.split(sizes), shapes, strict=True)
        named = {key: part.view(shape) for key, part, shape in parts}
        return nn.functional.cross_entropy(functional_call(net, named, X), y)

    dense = hessian(loss)(torch.cat([value.flatten() for value in weights.values()]))
    largest = torch.linalg.eigvalsh(dense).flip(0)[:3]
    assert_allclose(found[0][name]["values"], largest, rtol=1e-8)


def test_seeds_are_drawn_once_for_all_ranks(found):
    assert_array_equal(*(rank["without_a_seed"] for rank in found))


def test_the_first_rank_keeps_the_checkpoint_and_one_process_reads_it(folder, found):
    kept = sorted(path.name for path in (folder / "checkpoint").iterdir())
    assert kept == [f"state-00000{i}.{kind}" for i in (2, 3)
                    for kind in ("json", "safetensors")]  # fmt: skip
    resumed = curve(checkpoint=folder / "checkpoint")
    assert_array_equal(resumed.columns["delta"], found[0]["growing"]["delta"])


def test_other_data_are_an_error_on_every_rank(found):
    for rank in found:
        assert "Rank 1 (here) was given another problem" in rank["other_data"]
        assert "X is array" in rank["other_data"]
        assert "y" not in rank["other_data"].split(":")[1].split(".")[0].split()


def test_other_parameters_name_themselves(found):
    for rank in found:
        expected = "eigen_tol is 0.01 there and 0.005 here"
        assert expected in rank["other_parameters"]


def test_weights_that_drifted_are_those_of_the_first_rank(found):
    for rank in found:
        assert_array_equal(rank["drifted"], np.ones((2, 3), np.float32))


def test_a_product_costs_one_sum_and_one_vector_from_the_first_rank(found):
    n_products, sent = found[0]["traffic"]
    assert sent["all_reduce", 1] == sent["broadcast", 1] == n_products
    # The two eigenvectors, once; all else is shorter than a vector.
    assert sent["broadcast", 2] == 1
    assert {size for _, size in sent} == {0, 1, 2}


def test_a_rank_that_does_not_come_is_an_error_and_no_hang(found):
    assert "Rank 0 of 2 lost another rank" in found[0]["lost"]
    assert "2 seconds" in found[0]["lost"]


class TestShare:
    @pytest.mark.parametrize("n", [1, 7, 64, 65, 1000])
    @pytest.mark.parametrize("size", [1, 2, 3, 5])
    def test_shares_cover_the_samples_once_and_are_even(self, n, size):
        shares = [np.arange(n)[Share(n, rank, size).rows] for rank in range(size)]
        assert_array_equal(np.concatenate(shares), np.arange(n))
        lengths = [len(share) for share in shares]
        assert max(lengths) - min(lengths) <= 1

    @pytest.mark.parametrize("step", [1, 4, 7])
    def test_evenly_spaced_samples_are_those_of_one_process(self, step):
        X, size = np.arange(101), 3
        every = [Share(101, rank, size).every(step) for rank in range(size)]
        parts = [
            X[Share(101, rank, size).rows][rows] for rank, (_, rows) in enumerate(every)
        ]
        assert_array_equal(np.concatenate(parts), X[::step])
        assert {share.n for share, _ in every} == {len(X[::step])}

    def test_one_process_takes_all_and_keeps_its_numbers(self):
        share = Share.of(1000)
        tensor = torch.ones(3)
        assert share.rows == slice(0, 1000)
        assert share.sum(tensor) is tensor
        assert broadcast(tensor) is tensor


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
