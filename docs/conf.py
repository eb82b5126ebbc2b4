"""How the documentation is built: ``python -m sphinx -W docs docs/_build/html``."""

import os
import re
import sys
import warnings
from importlib.util import find_spec
from pathlib import Path

import tomllib
from sphinx_gallery.sorting import ExplicitOrder

import sufficient
from sufficient.command.arguments import parser
from sufficient.datasets import load_fashion_mnist

HERE = Path(__file__).parent
PROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))["project"]
MATHJAX = Path(find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
sys.path.insert(0, str(HERE))

import modules  # noqa: E402

project = "sufficient"
author = "The sufficient developers"
copyright = author
version = release = sufficient.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_design",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "_templates", "_static"]
templates_path = ["_templates"]
default_role = "py:obj"
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
# One file with the fonts in it, so that formulas are typeset without a network.
mathjax_path = "tex-svg.js"

autosummary_generate = True
autodoc_default_options = {"member-order": "bysource"}
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

html_theme = "pydata_sphinx_theme"
html_title = project
html_static_path = ["_static", str(MATHJAX / "tex-svg.js")]
html_css_files = ["site.css"]
html_js_files = ["names.js"]
html_favicon = "_static/logo_light.svg"
html_show_sourcelink = False
html_sidebars = {"tutorial/start": [], "contributing": []}  # they stand alone
html_theme_options = {
    "logo": {
        "text": project,
        "image_light": "_static/logo_light.svg",
        "image_dark": "_static/logo_dark.svg",
    },
    "navbar_start": ["navbar-logo", "release"],
    "navbar_persistent": ["search-open"],
    "icon_links": [
        {"name": name, "url": url, "icon": "fa-solid fa-code-branch"}
        for name, url in PROJECT.get("urls", {}).items()
        if name == "Repository"
    ],
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "navigation_depth": 2,
}


def has_fashion_mnist():
    try:
        load_fashion_mnist(n_samples=1, download=False)
    except FileNotFoundError:
        return False
    return True


INSIDE = {
    r"README\.md": "/index.md",
    r"examples/README\.rst": "/auto_examples/index.rst",
    r"examples/(plot_\w+)\.py": r"/auto_examples/\1.rst",
}
FIRST = ["digits", "fashion_mnist", "labelling_session", "settings"]
# The gallery shows small fits, which warn that they have not settled; they say so in
# their summaries, too.
warnings.filterwarnings("ignore", category=UserWarning)
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": "/plot_" if has_fashion_mnist() else "/plot_(?!fashion)",
    "ignore_pattern": r"(^|/)(?!plot_)[^/]*\.py$",
    "within_subsection_order": ExplicitOrder(
        [*(f"plot_{name}.py" for name in FIRST), "*"]
    ),
    "reference_url": {"sufficient": None},  # of this documentation, not of another
    "show_memory": False,
    "write_computation_times": False,
    "download_all_examples": False,
    "abort_on_example_error": True,
}


def lead_inside(app, page, source):
    """Turn links out of this folder into links to the pages that stand for them."""
    for outside, inside in INSIDE.items():
        source[0] = re.sub(rf"\((?:\.\./)+{outside}\)", rf"({inside})", source[0])


def generate(app):
    """Make the pictures and texts that pages show and that code can tell."""
    folder = HERE / "generated"
    folder.mkdir(exist_ok=True)
    modules.draw(Path(sufficient.__file__).parent, folder / "modules.svg")
    os.environ["COLUMNS"] = "88"
    (folder / "command_line.txt").write_text(parser().format_help(), encoding="utf-8")


def setup(app):
    app.connect("source-read", lead_inside)
    app.connect("builder-inited", generate)
