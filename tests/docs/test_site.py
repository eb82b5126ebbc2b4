"""The built site. Oracles: Sphinx, headless Chromium, and axe-core inside it."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from docs import logo
from tests.places import DOCS
from tests.processes import python

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
NOTEBOOKS = ("digits", "labelling_session", "settings")
MOST_BYTES = 30_000_000
SCRIPTS = [HERE / "node_modules" / name for name in ("axe-core", "puppeteer-core")]


class Page(HTMLParser):
    """What a page links to, and the anchors it has."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = set(), {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in {"href", "src"} and value is not None:
                self.links.add(value)
            elif name in {"id", "name"}:
                self.anchors.add(value)


def leads(path, link, pages):
    """Whether a link of the page at a path leads to a file, and to an anchor in it."""
    address, anchor = urldefrag(unquote(link))
    bare = address.partition("?")[0]
    target = (path.parent / bare).resolve() if bare else path
    return target.exists() and (target not in pages or anchor in pages[target].anchors)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    for module in ("sphinx_gallery", "sphinx_design"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    folder = tmp_path_factory.mktemp("site")
    options = ["-W", "-q", "-D", "plot_gallery=0", "-d", folder / "doctrees"]
    python("-m", "sphinx", *options, DOCS, folder / "html")
    return folder / "html"


@pytest.mark.parametrize("theme", logo.COLOURS)
def test_the_logo_is_the_one_that_the_script_draws(theme):
    drawn = (logo.STATIC / f"logo_{theme}.svg").read_text(encoding="utf-8")
    assert drawn == logo.draw(**logo.COLOURS[theme])


@pytest.mark.slow
def test_every_link_of_the_site_leads_somewhere(site):
    written = [path for path in site.rglob("*.html") if "_static" not in path.parts]
    pages = {path.resolve(): Page(path) for path in written}
    broken = [
        (path.name, link)
        for path, page in pages.items()
        for link in page.links
        if not re.match(r"[a-z]+:|//", link) and not leads(path, link, pages)
    ]
    assert len(pages) > 80
    assert not broken


@pytest.mark.slow
def test_the_site_is_not_too_large(site):
    assert sum(path.stat().st_size for path in site.rglob("*")) < MOST_BYTES


@pytest.mark.slow
@pytest.mark.skipif(
    BROWSER is None or not all(map(Path.exists, SCRIPTS)),
    reason="needs Chromium, and `npm install` in tests/docs",
)
def test_pages_can_be_read_by_everyone(site):
    """Accessible in light and dark, not cut at any width, and without a network."""
    done = subprocess.run(
        ["node", HERE / "look.mjs", site],
        env={**os.environ, "CHROME": BROWSER},
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout or "null")
    assert found, done.stderr
    assert found["pages"] > 80
    assert not found["problems"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_downloaded_notebooks_run_and_open_in_a_browser(name, site, tmp_path):
    pytest.importorskip("ipykernel")
    pytest.importorskip("nbconvert")
    notebook = next(site.rglob(f"plot_{name}.ipynb"))
    how = ["--execute", "--to", "html", "--output-dir", tmp_path]
    python("-m", "nbconvert", *how, notebook)
    page = tmp_path / f"plot_{name}.html"
    assert "data:image/png;base64" in page.read_text(encoding="utf-8")
    if BROWSER is None:
        pytest.skip("needs Chromium")
    opened = [BROWSER, "--headless", "--no-sandbox", "--dump-dom", page.as_uri()]
    seen = subprocess.run(opened, capture_output=True, text=True, check=True).stdout
    assert "<h1" in seen
