"""The page. Oracles: an HTML parser, the summary, WCAG's formula for contrast."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.exceptions import NotFittedError

from sufficient import SampleSizeEstimator
from sufficient.display import figures
from sufficient.display.page import page_of
from sufficient.report import page as frame
from tests.report.parsed import Parsed
from tests.small import SEEDED, small

pytest.importorskip("matplotlib")
MEGABYTE = 1_000_000
WORST = "<script>alert(1)</script>"


def agreement(estimator, X, y):
    return float(np.mean(estimator.predict(X) == y))


agreement.__name__ = agreement.__qualname__ = "<b>agreement</b>"


@pytest.fixture(scope="module")
def fitted(digits):
    """Fitted to columns and classes with names of the worst kind."""
    X, y = digits
    names = [f'"{i}" & <i>' for i in range(X.shape[1])]
    labels = np.array([WORST, "it's & fine"])[y % 2]
    est = small(scoring=agreement, min_gain=0.25)
    return est.fit(pd.DataFrame(X, columns=names), labels)


@pytest.fixture(scope="module")
def text(fitted):
    return page_of(fitted)


@pytest.fixture(scope="module")
def parsed(text):
    return Parsed(text)


def test_the_file_holds_the_page_and_is_small(fitted, text, tmp_path):
    path = fitted.report(tmp_path / "report.html")
    assert path.read_text(encoding="utf-8") == text
    assert path.stat().st_size < MEGABYTE


def test_nothing_is_asked_of_the_network(text, parsed):
    given = [attributes for _, attributes in parsed.elements]
    for name in ("src", "href", "xlink:href", "action", "data", "srcset", "poster"):
        found = [each[name] for each in given if name in each]
        assert all(target.startswith(("#", "data:")) for target in found), name
    assert not re.findall(r"url\((?!#)|@import", text)
    assert not parsed.all("script", "link", "iframe", "object", "embed", "base")
    assert not [name for each in given for name in each if name.startswith("on")]


def test_names_of_the_user_are_shown_as_they_are_written(text, parsed):
    assert WORST not in text and "<i>" not in text and "<b>" not in text
    said = parsed.said("dd")
    assert f"{WORST}, it's & fine" in said
    assert any('"0" & <i>, "1" & <i>' in each for each in said)
    assert "scoring" in parsed.said("th") and "<b>agreement</b>" in parsed.said("td")


def test_the_sentence_and_the_lines_are_those_of_the_summary(fitted, parsed):
    lines = fitted.summary().splitlines()
    assert parsed.said("p")[0] == lines[0]
    pairs = zip(parsed.said("dt"), parsed.said("dd"), strict=True)
    assert [f"{term}: {said}" for term, said in pairs][:5] == lines
    assert fitted.summary(detail=True).splitlines() == [*lines, *parsed.said("li")]


def test_headings_are_in_order_and_name_the_sections(parsed):
    levels = [int(tag[1]) for tag, _ in parsed.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    named = {given["id"] for given in parsed.all("h2")}
    assert {given["aria-labelledby"] for given in parsed.all("section")} == named


def test_the_page_has_landmarks_a_language_and_a_title(parsed):
    assert parsed.all("html") == [{"lang": "en"}]
    assert [len(parsed.all(tag)) for tag in ("header", "main", "footer")] == [1, 1, 1]
    assert parsed.said("title") == parsed.said("h1")
    assert not parsed.open


def test_pictures_have_words_and_parts_with_names_of_their_own(fitted, parsed):
    drawings = parsed.all("svg")
    assert [given["role"] for given in drawings] == ["img"] * 3
    last = f"{fitted.score_curve_[-1]:.3f} with {fitted.train_sizes_[-1]}"
    assert last in drawings[0]["aria-label"]
    assert fitted.summary().splitlines()[3] in drawings[1]["aria-label"]
    scores = fitted.class_scores_[-1]
    assert all(f"{score:.3f} (" in drawings[2]["aria-label"] for score in scores)
    names = [given["id"] for _, given in parsed.elements if "id" in given]
    assert len(names) == len(set(names))
    used = [given["xlink:href"][1:] for given in parsed.all("use")]
    assert used and set(used) <= set(names)


def test_tables_have_headers_and_the_numbers_of_the_fit(fitted, parsed):
    assert {given["scope"] for given in parsed.all("th")} == {"col", "row"}
    assert len(parsed.said("caption")) == len(parsed.all("table")) == 4
    sizes = [f"{n:,}" for n in fitted.train_sizes_]
    assert set(sizes) < set(parsed.said("th"))
    assert {f"{score:.3f}" for score in fitted.score_curve_} < set(parsed.said("td"))


def test_what_differs_from_the_default_is_first(parsed):
    rows = parsed.said("th")
    changed = {"estimator", "min_gain", "random_state", "scoring", *SEEDED}
    start = rows.index("Parameter") + 4
    assert set(rows[start : start + len(changed)]) == changed
    assert len([g for g in parsed.all("tr") if g.get("class") == "changed"]) == len(
        changed
    )


def test_the_code_asks_again(fitted, parsed):
    code = parsed.said("code")[-1]
    assert "n_monte_carlo=8" in code and "scoring=scoring" in code
    known = {"scoring": fitted.scoring, "net": fitted.estimator}
    exec(code.partition("est.fit")[0], known)
    again = known["est"].get_params(deep=False)
    assert again == fitted.get_params(deep=False)


def test_a_command_takes_the_place_of_the_code(fitted):
    parsed = Parsed(page_of(fitted, command="sufficient 'a<b.csv'", title="A & B $x"))
    assert parsed.said("code")[-1] == "sufficient 'a<b.csv'"
    assert parsed.said("h1") == ["A & B $x"]


def test_the_same_fit_gives_the_same_page_in_any_style(fitted, text):
    from matplotlib import style

    with style.context("dark_background"):
        assert page_of(fitted) == text


def test_without_matplotlib_the_page_says_so(fitted, monkeypatch):
    monkeypatch.setattr(figures, "find_spec", lambda name: None)
    parsed = Parsed(page_of(fitted))
    assert not parsed.all("svg", "img")
    assert "matplotlib is not installed" in " ".join(parsed.said("p"))


def test_a_large_drawing_becomes_an_image(fitted, monkeypatch):
    monkeypatch.setattr(figures, "MOST_DRAWN", 1)
    images = Parsed(page_of(fitted)).all("img")
    assert len(images) == 3 and all(len(given["alt"]) > 50 for given in images)


def test_many_sizes_are_thinned_and_the_ends_kept(fitted, monkeypatch):
    monkeypatch.setattr(frame, "MOST_ROWS", 1)
    parsed = Parsed(page_of(fitted))
    assert parsed.said("caption")[0] == "Scores: 1 of the 2 measured sizes"


def test_a_labelling_session_has_a_page(digits):
    est = SampleSizeEstimator(n_directions=2, n_monte_carlo=8, random_state=0)
    X, y = digits
    est.set_params(training="update").partial_fit(X[:100], y[:100], classes=range(10))
    parsed = Parsed(page_of(est.partial_fit(X[100:], y[100:])))
    assert "est.partial_fit(X_batch, y_batch)" in parsed.said("code")[-1]


def test_without_a_fit_there_is_no_page(tmp_path):
    with pytest.raises(NotFittedError):
        SampleSizeEstimator().report(tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told(fitted, tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        fitted.report(tmp_path / "absent" / "report.html")


@pytest.mark.parametrize("scheme", [0, 1])
@pytest.mark.parametrize("ink", ["ink", "faint"])
@pytest.mark.parametrize("paper", ["paper", "shade"])
def test_text_stands_out_in_light_and_dark(text, scheme, ink, paper):
    def luminance(name):
        color = re.findall(rf"--{name}: #(\w{{6}})", text)[scheme]
        parts = np.array([int(color[i : i + 2], 16) / 255 for i in (0, 2, 4)])
        linear = np.where(
            parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4
        )
        return linear @ [0.2126, 0.7152, 0.0722]

    dark, light = sorted([luminance(ink), luminance(paper)])
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_notebook_shows_the_answer_above_the_box(fitted):
    box = SampleSizeEstimator()._repr_html_()
    assert box.lstrip().startswith("<style") and "Verdict" not in box
    for shown in (fitted._repr_html_(), fitted._repr_mimebundle_()["text/html"]):
        above, style, _ = shown.partition("<style")
        assert style and Parsed(above).said("p") == fitted.summary().splitlines()[:1]
    with config_context(display="text"):
        assert not hasattr(fitted, "_repr_html_")
        assert set(fitted._repr_mimebundle_()) == {"text/plain"}
