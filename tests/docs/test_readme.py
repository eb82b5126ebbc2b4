"""The README's Python runs, in order, in one namespace."""

import re

from tests.places import ROOT


def test_the_python_blocks_run(tmp_path, monkeypatch, capsys):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        exec(compile(block, "README.md", "exec"), namespace)
    assert (tmp_path / "digits.png").exists()
    assert "Verdict:" in capsys.readouterr().out


def test_the_pictures_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (ROOT / path).exists(), path
