"""The Python on a page."""

import re


def run_python(page):
    """Run its blocks in order, in one namespace, and return that."""
    text = page.read_text(encoding="utf-8")
    namespace: dict = {}
    for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        exec(compile(block, page.name, "exec"), namespace)
    return namespace
