"""The Python on a page."""

import re
from importlib.util import find_spec

# Trainers of others, which a page may show where they are not installed.
OPTIONAL = ("keras", "lightning", "transformers")


def blocks_of(page):
    """Its blocks of Python, in order."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def run_python(page):
    """Run its blocks in order, in one namespace, and return that."""
    namespace: dict = {}
    for block in blocks_of(page):
        missing = [name for name in OPTIONAL if find_spec(name) is None]
        if not any(imports(block, name) for name in missing):
            exec(compile(block, page.name, "exec"), namespace)
    return namespace


def imports(block, package):
    """Whether a block imports this package."""
    return bool(re.search(rf"^(?:from|import) {package}\b", block, flags=re.MULTILINE))
