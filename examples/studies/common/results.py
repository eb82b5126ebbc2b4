"""The results of a study in one file, which is written after every part."""

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
    """Results of a study, by the names of its parts.

    Attributes
    ----------
    path : Path
        The file. It holds ``full``, ``environment`` and ``parts``.
    full : bool
        Whether the study runs at its real sizes.
    digits : int or None
        Significant digits to store; None stores all.
    """

    path: Path
    full: bool
    digits: int | None = None

    @classmethod
    def of(cls, study: str, chosen: Namespace, digits: int | None = None) -> Results:
        """Results in the chosen folder; small runs have a separate file."""
        name = study if chosen.full else f"{study}-small"
        return cls(chosen.folder / f"{name}.json", chosen.full, digits)

    def read(self) -> dict:
        """The contents of the file, or empty results if there is none."""
        if self.path.exists():
            return read(self.path)
        return {"full": self.full, "environment": environment(), "parts": {}}

    def wanted(self, names: Collection[str], only: list[str] | None) -> list[str]:
        """Names of the parts to measure: those in `only`, or all not stored yet."""
        kept = self.read()["parts"]
        return [n for n in names if (n not in kept if only is None else n in only)]

    def measure(self, parts: dict[str, Callable], wanted: list[str]) -> dict:
        """Measure the wanted parts, store each at once, and return all results."""
        for name in wanted:
            print(name, flush=True)
            found = {**self.read()["parts"], name: parts[name]()}
            self._write({n: found[n] for n in parts if n in found})
        if not self.path.exists():
            raise SystemExit(f"Nothing is kept: there is no {self.path}")
        return self.read()

    def published(self, page: Path | None) -> tuple[dict, Path]:
        """Write the results to the folder of a page; return results and folder.

        Parts that have been published earlier and are not in this file are preserved,
        and ``environments`` says for each part where it was measured. Without a page,
        return the stored results and their folder.
        """
        kept = self.read()
        if page is None:
            return kept, self.path.parent
        path = page.with_suffix(".json")
        before = read(path) if path.exists() else {}
        if before.get("full") == self.full:
            kept["environments"] = {**_environments(before), **_environments(kept)}
            kept["parts"] = {**before["parts"], **kept["parts"]}
        write(kept, path, self.digits)
        return kept, page.parent

    def _write(self, parts):
        results = {"full": self.full, "environment": environment(), "parts": parts}
        write(results, self.path, self.digits)


def _environments(results):
    """For each part, the environment in which it was measured."""
    everywhere = dict.fromkeys(results["parts"], results["environment"])
    return results.get("environments", everywhere)
