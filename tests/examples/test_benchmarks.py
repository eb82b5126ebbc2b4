"""The benchmarks run in small, without the packages that they compare with."""

import importlib.util
import json

import pytest

from tests.processes import python

OTHERS = [
    "torch.func + eigsh",
    "hessian-eigenthings",
    "curvlinops + eigsh",
    "PyHessian",
    "ours, exact, one search",
    "ours, compressed",
    "ours, compressed, one search",
]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmarks")
    path = folder / "results.json"
    settings = ["--quick", "--only", "mlp-1000", "--skip", *OTHERS]
    where = ["--output", path, "--reference-cache", folder]
    table = python("-m", "examples.benchmarks", *settings, *where, timeout=240)
    assert "graph kept + eigsh" in table
    return path


def test_a_row_holds_what_is_promised(results):
    rows = json.loads(results.read_text())["rows"]
    assert [row["entry"] for row in rows] == ["graph kept + eigsh", "ours, exact"]
    for row in rows:
        assert row["workload"] == "mlp-1000" and "failure" not in row
        assert row["seconds"] > 0 and row["wall_seconds"] > 0
        assert row["peer_seconds"] == rows[0]["seconds"]
        assert row["ratio"] == pytest.approx(row["peer_seconds"] / row["seconds"])
        assert 10 < row["products"] < 100
        assert row["max_relative_error"] <= 1e-3 and row["accurate"]
        assert row["details"]["starts"] == len(row["repetitions"]) == 5
        assert row["peak_memory"] >= 0
    assert [row["kind"] for row in rows] == ["peer", "ours"]
    assert rows[1]["target_ratio"] == 1.5


def test_the_results_say_what_they_were_measured_with(results):
    environment = json.loads(results.read_text())["environment"]
    assert environment["threads"] == 1 and environment["cpu"]
    assert environment["versions"].keys() >= {
        "torch",
        "numpy",
        "curvlinops-for-pytorch",
        "hessian-eigenthings",
        "pyhessian",
    }


@pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed"
)
def test_picture_and_table_are_drawn_from_the_results(results, tmp_path):
    image, table = tmp_path / "benchmarks.png", tmp_path / "benchmarks.md"
    where = ["--image", image, "--table", table]
    python("-m", "examples.benchmarks.figure", results, *where, timeout=240)
    assert image.read_bytes().startswith(b"\x89PNG")
    assert "| mlp-1000 | ours, exact |" in table.read_text(encoding="utf-8")
