"""What a study needs beyond the library, looked for before anything is computed."""

from collections.abc import Callable, Iterable

from .environment import installed_version

__all__ = ["note", "require", "without_files", "without_packages"]

SPLITS = ("train", "test")


def require(missing: Iterable[str]) -> None:
    """Stop if anything is missing, and say what helps."""
    if lines := list(missing):
        raise SystemExit("\n\n".join(["Nothing was computed. Missing:", *lines]))


def note(what: str, names: Iterable[str]) -> None:
    """Tell what the study does without."""
    if found := ", ".join(dict.fromkeys(names)):
        print(f"{what}: {found}", flush=True)


def without_packages(*distributions: str) -> list[str]:
    """One sentence about the distributions that are not installed, or none."""
    missing = [name for name in distributions if installed_version(name) is None]
    return [f"packages: pip install {' '.join(missing)}"] if missing else []


def without_files(loaders: Iterable[Callable | None]) -> list[str]:
    """What the loaders say that neither find nor can download their files."""
    return [
        said
        for load in dict.fromkeys(loaders)
        if load is not None
        for split in SPLITS
        for said in _complaint(load, split)
    ]


def _complaint(load, split):
    try:
        load(n_samples=1, split=split)
    except FileNotFoundError as error:
        yield str(error)
