"""The study of real tables. Oracles: equal classes, a package that is absent."""

import pytest

from examples.studies import tables
from examples.studies.tables import Table


def test_a_row_tells_kind_scores_and_the_constant_answer(tmp_path):
    row = tables.row_of(Table("sklearn", "iris", "target"), "csv.gz", tmp_path)
    assert (row["rows"], row["kind"], row["constant"]) == ("150", "class", "0.333")
    for learner in ("score", "linear", "boosting"):
        assert float(row[learner]) > 0.8


def test_a_wrong_kind_is_marked(tmp_path):
    row = tables.row_of(Table("sklearn", "iris", "target", "number"), "tsv", tmp_path)
    assert row["kind"] == "class, **not number**"


def test_tables_of_absent_packages_are_skipped_and_named(monkeypatch, capsys):
    monkeypatch.setattr(tables, "TABLES", [Table("no_such_package", "trees", "height")])
    assert list(tables.rows(full=True)) == []
    assert "no_such_package" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("ending", tables.WRITERS)
def test_every_format_gives_the_same_scores(ending, tmp_path):
    asked = Table("sklearn", "wine", "target")
    one, other = (tables.row_of(asked, name, tmp_path) for name in ("csv", ending))
    assert {**one, "file": "", "seconds": ""} == {**other, "file": "", "seconds": ""}
