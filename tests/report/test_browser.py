"""The page in a browser. Oracles: headless Chromium, and axe-core where it is at hand.

The variable AXE_CORE names its file axe.min.js, as npm installs it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from tests.small import small

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
AXE = os.environ.get("AXE_CORE", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]
ALWAYS = ("--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=9000")
WIDTHS = [1300, 1000, 400]
SCHEMES = {"light": 1, "dark": 0}
# What is asked of the open page; the answer becomes its title.
TOO_WIDE = """
document.querySelectorAll('details').forEach(each => each.open = true);
const wider = [...document.querySelectorAll('html, .wide')]
  .filter(each => each.scrollWidth > each.clientWidth + 1)
  .map(each => each.getAttribute('aria-label') || each.tagName);
document.title = JSON.stringify(wider);
"""
VIOLATIONS = """
document.querySelectorAll('details').forEach(each => each.open = true);
axe.run(document).then(found => {
  document.title = JSON.stringify(found.violations.map(each => each.id));
});
"""


@pytest.fixture(scope="module")
def text(digits, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    return small().fit(*digits).report(path).read_text(encoding="utf-8")


def browse(page, *flags, width=1000, scheme="light"):
    """Open a page in a window of this width, and return what Chromium prints."""
    look = f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}"
    size = f"--window-size={width},2000"
    command = [CHROMIUM, *ALWAYS, look, size, *flags, page.as_uri()]
    how = {"capture_output": True, "text": True, "check": True}
    return subprocess.run(command, timeout=200, **how).stdout


def asked(text, script, tmp_path, **window):
    """What a script finds on the page, which itself allows none."""
    page = tmp_path / "asked.html"
    open_to_scripts = re.sub(r"<meta http-equiv=[^>]*>", "", text)
    body = f"<script>{script}</script></body>"
    page.write_text(open_to_scripts.replace("</body>", body), encoding="utf-8")
    shown = browse(page, "--dump-dom", **window)
    title = re.search(r"<title>(.*?)</title>", shown, re.DOTALL).group(1)
    return json.loads(unescape(title))


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_but_tables_on_a_phone_is_wider_than_the_window(text, width, tmp_path):
    wider = asked(text, TOO_WIDE, tmp_path, width=width)
    assert "HTML" not in wider
    assert width < 1000 or not wider


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_is_drawn_as_the_reader_prefers(text, scheme, tmp_path):
    image = pytest.importorskip("PIL.Image")
    page, shot = tmp_path / "report.html", tmp_path / "shot.png"
    page.write_text(text, encoding="utf-8")
    browse(page, f"--screenshot={shot}", scheme=scheme)
    grey = image.open(shot).convert("L")
    corner = grey.getpixel((1, 1))
    assert corner > 250 if scheme == "light" else corner < 40
    assert len(grey.getcolors()) > 50


@pytest.mark.skipif(not AXE, reason="AXE_CORE names no axe.min.js")
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_violation(text, width, scheme, tmp_path):
    script = Path(AXE).read_text(encoding="utf-8").replace("</script>", "<\\/script>")
    window = {"width": width, "scheme": scheme}
    assert asked(text, f"{script}\n{VIOLATIONS}", tmp_path, **window) == []
