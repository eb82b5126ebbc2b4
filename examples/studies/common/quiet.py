"""Suppress warnings: many fits of a study stop before they have converged."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["quiet"]


@contextmanager
def quiet(category: type[Warning] = Warning) -> Iterator[None]:
    """Ignore the warnings of a category."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category)
        yield
