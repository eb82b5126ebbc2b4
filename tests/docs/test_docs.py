"""The pages. Oracles: files and headings that are there, Python that runs."""

import re

import pytest

from tests.docs.blocks import run_python
from tests.places import DOCS, ROOT

BUILT = {"_build", "auto_examples", "generated"}
WRITTEN = [path.relative_to(DOCS) for path in sorted(DOCS.rglob("*.md"))]
PAGES = [DOCS / path for path in WRITTEN if not BUILT & {*path.parts}]
PAGES.append(ROOT / "README.md")
WORDS = {  # and their entries in the glossary
    "Δ": "delta",
    r"\b[kn]\\\*": "k-and-n",
    "[Ss]econd-order model": "second-order-model",
    "[Pp]lateau": "plateau",
    r"[Pp]aper A\b": "paper-a",
    r"[Pp]aper B\b": "paper-b",
}
OTHER_PLATEAUS = {"forecast", "forecast_study", "training"}  # of scores
NEAR = 250
RUNNABLE = [
    "data_training_or_net",
    "forecast_scores",
    "read_the_picture",
    "share_the_answer",
    "upgrade",
]
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_link_texts_are_titles(page):
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    assert not re.findall(r"\[[^\]]*\.(?:md|rst)\]\(", text)


def test_the_first_steps_run(capsys):
    namespace = run_python(DOCS / "tutorial" / "start.md")
    assert "Verdict:" in capsys.readouterr().out
    assert namespace["est"].n_features_in_ == 64


@pytest.mark.parametrize("name", RUNNABLE)
def test_the_python_of_guides_that_need_no_data_runs(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run_python(DOCS / "how_to" / f"{name}.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_words_of_this_library_are_explained_where_they_first_stand(page):
    if page.stem in {"glossary", "changelog"}:
        return
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    for word, entry in WORDS.items():
        first = re.search(word, text)
        if first and not (entry == "plateau" and page.stem in OTHER_PLATEAUS):
            assert f"#{entry})" in text[: first.end() + NEAR], entry
