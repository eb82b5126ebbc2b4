"""What the studies share keeps its word, by texts and numbers written by hand."""

from examples.studies.common.pages import fill, markdown


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
