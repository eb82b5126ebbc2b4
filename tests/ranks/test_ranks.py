"""Two processes. Oracles: one process, and the dense Hessian in float64."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import numpy as np
import pytest
import torch
from filelock import FileLock
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

from tests.dense import dense_hessian, outputs_at, spectrum
from tests.places import ROOT
from tests.ranks.questions import QUESTIONS, curve, small_problem

# Others are differences of nearly equal numbers, where the rounding of float32 shows.
CURVES = {
    "values", "delta", "projected", "smoothed", "train_loss", "fresh_loss", "sigma",
    "gradient_norm", "expected_rise", "train_score", "validation_score", "train_size",
}  # fmt: skip
# They say how a search ended, not what it found.
NOT_COMPARED = {"measure_seconds", "eigen_residual"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What two processes left behind, once for all processes of pytest-xdist."""
    folder = tmp_path_factory.getbasetemp() / "ranks"
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = tmp_path_factory.getbasetemp().parent / "ranks"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            folder.mkdir()
            both = started_both("-m", "tests.ranks.questions", str(folder))
            assert [code for code, _ in both] == [0, 0], both
    return folder


def started_both(*arguments):
    """Exit code and standard error of both processes."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = str(free.getsockname()[1])
    common = {"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": port}
    started = [
        subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, **common, "RANK": rank, "LOCAL_RANK": rank},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in "01"
    ]
    errors = [process.communicate()[1] for process in started]
    return [(p.returncode, error) for p, error in zip(started, errors, strict=True)]


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
    trained = name in ("growing", "fixed", "converged", "weighted")
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

    def loss(weights):
        return nn.functional.cross_entropy(outputs_at(net, weights, X), y)

    largest = spectrum(dense_hessian(net, loss))[:3]
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
    assert "Rank 0 of 2 lost rank 1, which has ended" in found[0]["lost"]
    assert "2 seconds" in found[0]["lost"]


WHO_COMES = """
import os, sys
from sufficient.ranks import over_ranks
if os.environ["RANK"] == sys.argv[1]:
    sys.exit(0)
with over_ranks(timeout=3):
    print("met")
"""


@pytest.mark.parametrize("gone", ["0", "1"])
def test_a_rank_that_dies_before_it_comes_is_named(gone):
    started = started_both("-c", WHO_COMES, gone)
    (_, left), (_, error) = started[int(gone)], started[1 - int(gone)]
    assert not left
    assert f"LostRankError: Rank {1 - int(gone)} of 2 lost rank {gone}" in error
    assert "3 seconds" in error
