"""The README. Oracles: its Python, run in order, and the files that it names."""

import re

from tests.docs.blocks import run_python
from tests.places import ROOT


def test_the_python_blocks_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run_python(ROOT / "README.md")
    assert (tmp_path / "digits.png").exists()
    assert "Verdict:" in capsys.readouterr().out


def test_the_pictures_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (ROOT / path).exists(), path
