"""The pages' links lead somewhere, their Python runs, and Sphinx has no warnings."""

import importlib.util
import re
import subprocess
import sys

import pytest

from tests.places import DOCS

PAGES = sorted(DOCS.glob("*.md"))
CODE = re.compile(r"```.*?```|`[^`\n]+`", flags=re.DOTALL)


def links(page):
    """Target and anchor of every link and picture that is not of another site."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", link):
            target, _, anchor = link.partition("#")
            yield (page.parent / target if target else page), anchor


def anchors(page):
    """Names of the headings, as code forges make them."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_files_and_headings(page):
    for target, anchor in links(page):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target), f"{target}#{anchor}"


def test_the_first_steps_run(capsys):
    text = (DOCS / "start.md").read_text(encoding="utf-8")
    namespace: dict = {}
    for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        exec(compile(block, "start.md", "exec"), namespace)
    assert "Verdict:" in capsys.readouterr().out
    assert namespace["est"].n_features_in_ == 64


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("sphinx_gallery") is None, reason="no Sphinx"
)
def test_sphinx_has_no_warnings(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-D", "plot_gallery=0"]
    done = subprocess.run(
        [*command, "-d", str(tmp_path / "doctrees"), str(DOCS), str(tmp_path / "html")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
