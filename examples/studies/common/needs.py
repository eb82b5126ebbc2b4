"""Check for packages and files that a study needs, before anything is computed."""

from collections.abc import Callable, Iterable

from .environment import installed_version

__all__ = ["note", "require", "without_files", "without_packages"]

SPLITS = ("train", "test")


def require(missing: Iterable[str]) -> None:
    """Exit with a message if anything is missing."""
    if lines := list(missing):
        raise SystemExit("\n\n".join(["Nothing was computed. Missing:", *lines]))


def note(what: str, names: Iterable[str]) -> None:
    """Print what the study leaves out."""
    if found := ", ".join(dict.fromkeys(names)):
        print(f"{what}: {found}", flush=True)


def without_packages(*distributions: str) -> list[str]:
    """A message about the distributions that are not installed; empty if none."""
    missing = [name for name in distributions if installed_version(name) is None]
    return [f"packages: pip install {' '.join(missing)}"] if missing else []


def without_files(loaders: Iterable[Callable | None]) -> list[str]:
    """Messages of the loaders whose files are missing and cannot be downloaded."""
    return [
        message
        for load in dict.fromkeys(loaders)
        if load is not None
        for split in SPLITS
        for message in _error_message(load, split)
    ]


def _error_message(load, split):
    try:
        load(n_samples=1, split=split)
    except FileNotFoundError as error:
        yield str(error)
