"""The benchmarks in small, without other packages. Oracles: quotients and counts."""

import importlib.util

import pytest

from examples.studies.common.store import read
from tests.places import ROOT
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


def _benchmarks(*arguments):
    return python("-m", "examples.studies.benchmarks", *arguments, timeout=240)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmarks")
    table = _benchmarks("--only", "mlp-1000", "--skip", *OTHERS, "--folder", folder)
    assert "graph kept + eigsh" in table
    return folder


@pytest.fixture(scope="module")
def results(folder):
    return read(folder / "benchmarks-small.json")


def test_a_row_holds_what_is_promised(results):
    rows = results["parts"]["mlp-1000"]
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
    environment = results["environment"]
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
def test_picture_and_table_are_drawn_from_what_is_kept(folder, tmp_path):
    page = tmp_path / "benchmarks.md"
    page.write_text("<!-- table: results -->\n<!-- end -->\n", encoding="utf-8")
    _benchmarks("--only", "--folder", folder, "--page", page)
    image = tmp_path / "images" / "benchmarks.png"
    assert image.read_bytes().startswith(b"\x89PNG")
    assert "| mlp-1000 | ours, exact |" in page.read_text(encoding="utf-8")
    assert read(page.with_suffix(".json"))["parts"].keys() == {"mlp-1000"}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="there is no repository")
def test_jobs_are_timed_by_the_package_of_a_commit_and_by_this_one():
    """The child refuses any other package, so each row has been made by both."""
    table = _benchmarks("--against", "HEAD", "--only", "main job, MLP")
    header, _, row, *_ = (line for line in table.splitlines() if line.startswith("|"))
    names, cells = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in (header, row)
    )
    found = dict(zip(names, cells, strict=True))
    before, now = (float(found[f"CPU s {when}"]) for when in ("before", "now"))
    assert found["job"] == "main job, MLP" and min(before, now) > 0
    assert float(found["ratio"]) == pytest.approx(before / now, rel=0.05)
    assert found["n\\* before"] == found["n\\* now"] != ""
