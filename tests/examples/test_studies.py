"""What the studies share. Oracle: texts and numbers written by hand."""

import numpy as np
import pytest

from examples.studies.common.command import parser_of
from examples.studies.common.needs import (
    note,
    require,
    without_files,
    without_packages,
)
from examples.studies.common.pages import fill, markdown
from examples.studies.common.results import Results
from examples.studies.common.store import cached, read, write


def test_a_table_stands_between_its_marks_whatever_it_holds(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("A\n<!-- table: one -->\nold\n<!-- end -->\nB\n", encoding="utf-8")
    table = markdown([{"k\\*": 1, r"\1": 0.5}, {"k\\*": 2, r"\1": "x"}])
    for _ in range(2):
        fill(page, {"one": table, "elsewhere": "not here"})
        assert page.read_text(encoding="utf-8") == (
            "A\n<!-- table: one -->\n\n"
            "| k\\* | \\1 |\n| --- | --- |\n| 1 | 0.5 |\n| 2 | x |\n"
            "\n<!-- end -->\nB\n"
        )


NUMBERS = {
    "a": np.array([1.23456789, np.nan]),
    "b": (np.float32(2), np.int64(3), "x", None, True),
}


def test_numbers_are_kept_with_the_digits_asked_for(tmp_path):
    path = tmp_path / "folder" / "kept.json"
    write(NUMBERS, path, digits=4)
    assert read(path) == {"a": [1.235, None], "b": [2.0, 3, "x", None, True]}
    write(NUMBERS, path)
    assert read(path)["a"][0] == 1.23456789 and np.isnan(read(path)["a"][1])


@pytest.mark.parametrize("name", ["rows.json", "arrays.npz"])
def test_what_is_kept_is_not_computed_again(name, tmp_path):
    calls = []

    def compute(value):
        calls.append(value)
        return {"x": np.arange(3) * value}

    for value in (2, 5):
        found = cached(tmp_path / name, compute, value)
        np.testing.assert_array_equal(found["x"], [0, 2, 4])
    assert calls == [2]


def test_a_file_that_could_not_be_written_is_not_there(tmp_path):
    with pytest.raises(TypeError):
        cached(tmp_path / "rows.json", lambda: {"x": object()})
    assert not (tmp_path / "rows.json").exists()


def test_a_study_goes_on_where_it_was_stopped(tmp_path):
    """Parts are kept one by one; small results are no full ones."""
    calls = []

    def part(name, fails=False):
        def measure():
            calls.append(name)
            if fails:
                raise RuntimeError
            return [name, len(calls)]

        return measure

    def run(*arguments, **fails):
        parser = parser_of("any", "About.", "abc")
        chosen = parser.parse_args(["--folder", str(tmp_path), *arguments])
        results = Results.of("any", chosen)
        parts = {name: part(name, name in fails) for name in "abc"}
        return results.measure(parts, results.wanted(parts, chosen.only))["parts"]

    with pytest.raises(RuntimeError):
        run(b=True)
    assert run() == {"a": ["a", 1], "b": ["b", 3], "c": ["c", 4]}
    assert run("--only") == run()
    assert run("--only", "b")["b"] == ["b", 5]
    assert "".join(calls) == "abbcb"
    assert run("--full", "--only", "c") == {"c": ["c", 6]}


def test_a_page_keeps_the_parts_that_were_not_measured_again(tmp_path):
    page = tmp_path / "docs" / "any.md"
    before = {"full": True, "environment": {}, "parts": {"a": 1, "b": 1}}
    write(before, page.with_suffix(".json"))
    results = Results(tmp_path / "any.json", full=True)
    with pytest.raises(SystemExit, match="Nothing is kept"):
        results.measure({"b": lambda: 2}, [])
    results.measure({"b": lambda: 2}, ["b"])
    found, folder = results.published(page)
    assert found["parts"] == {"a": 1, "b": 2} and folder == page.parent
    assert found["environments"] == {"a": {}, "b": found["environment"]}
    assert read(page.with_suffix(".json")) == found
    assert results.published(page)[0] == found
    small, _ = Results(tmp_path / "any.json", full=False).published(page)
    assert small["parts"] == {"b": 2}
    assert results.published(None) == (results.read(), tmp_path)


def test_a_page_that_is_not_there_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        parser_of("any", "About.", "abc").parse_args(["--page", str(tmp_path / "x.md")])
    assert "there is no page" in capsys.readouterr().err


def test_a_study_stops_before_it_computes_what_it_cannot(capsys):
    def load(n_samples, split):
        if split == "test":
            raise FileNotFoundError("no test files")

    require([])
    missing = without_packages("numpy", "no-such-thing") + without_files([load, None])
    assert missing == ["packages: pip install no-such-thing", "no test files"]
    with pytest.raises(SystemExit, match=r"(?s)Nothing was computed.*no test files"):
        require(missing)
    note("Left out", [])
    note("Left out", ["a", "b", "a"])
    assert capsys.readouterr().out == "Left out: a, b\n"
