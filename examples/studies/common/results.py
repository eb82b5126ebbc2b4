"""The results of a study: one file, written after every part."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from .environment import environment
from .store import read, write

__all__ = ["Results"]


@dataclass(frozen=True)
class Results:
    """What a study has measured, by the names of its parts.

    Attributes
    ----------
    path : Path
        The file. It holds ``full``, ``environment`` and ``parts``.
    full : bool
        Whether the study runs at its real sizes.
    digits : int or None
        Significant digits to keep; None keeps all.
    """

    path: Path
    full: bool
    digits: int | None = None

    @classmethod
    def of(cls, study: str, chosen: Namespace, digits: int | None = None) -> Results:
        """In the folder chosen; small results have a file of their own."""
        name = study if chosen.full else f"{study}-small"
        return cls(chosen.folder / f"{name}.json", chosen.full, digits)

    def read(self) -> dict:
        """All that is kept, as it is kept."""
        if self.path.exists():
            return read(self.path)
        return {"full": self.full, "environment": environment(), "parts": {}}

    def wanted(self, names: Collection[str], only: list[str] | None) -> list[str]:
        """Names of the parts to measure: those asked for, or all that are not kept."""
        kept = self.read()["parts"]
        return [n for n in names if (n not in kept if only is None else n in only)]

    def measure(self, parts: dict[str, Callable], wanted: list[str]) -> dict:
        """Measure the wanted parts, keep each as soon as it is there, return all."""
        for name in wanted:
            print(name, flush=True)
            found = {**self.read()["parts"], name: parts[name]()}
            self._write({n: found[n] for n in parts if n in found})
        if not self.path.exists():
            raise SystemExit(f"Nothing is kept: there is no {self.path}")
        return self.read()

    def published(self, page: Path | None) -> tuple[dict, Path]:
        """Write the results beside a page; return what it shows, and where.

        Parts that only the page's own results have stay there. Without a page, all that
        is kept is shown, in the folder where it is kept.
        """
        kept = self.read()
        if page is None:
            return kept, self.path.parent
        path = page.with_suffix(".json")
        before = read(path) if path.exists() else {}
        if before.get("full") == self.full:
            kept["parts"] = {**before["parts"], **kept["parts"]}
        write(kept, path, self.digits)
        return kept, page.parent

    def _write(self, parts):
        results = {"full": self.full, "environment": environment(), "parts": parts}
        write(results, self.path, self.digits)
