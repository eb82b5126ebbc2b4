"""Files of numbers; a file is written completely or not at all."""

import json
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["cached", "read", "write"]


def cached(path: Path, compute: Callable, *args) -> Any:
    """The contents of a file; if it does not exist, they are computed and written."""
    if not path.exists():
        write(compute(*args), path)
    return read(path)


def read(path: Path) -> Any:
    """Read a file of `write`: arrays by name from .npz, anything else from JSON."""
    if path.suffix == ".npz":
        with np.load(path) as arrays:
            return dict(arrays)
    return json.loads(path.read_text(encoding="utf-8"))


def write(value: Any, path: Path, digits: int | None = None) -> None:
    """Write arrays by name as .npz, or anything else as JSON.

    Parameters
    ----------
    value : dict of str to ndarray, or a value that JSON can hold
        In JSON, arrays become lists.
    path : Path
        The file; its folder is created.
    digits : int or None, default=None
        Significant digits of numbers in JSON; NaN and infinity then become null. None
        writes all digits.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        if path.suffix == ".npz":
            np.savez_compressed(file, **value)
        else:
            file.write(_text(value, digits).encode())
    part.replace(path)


def _text(value, digits):
    """JSON with one line for each record of a list."""
    text = json.dumps(_plain(value, digits), separators=(",", ":"))
    return text.replace('},{"', '},\n{"') + "\n"


def _plain(value, digits):
    if isinstance(value, dict):
        return {key: _plain(one, digits) for key, one in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(one, digits) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return _rounded(value, digits) if isinstance(value, float) and digits else value


def _rounded(value, digits):
    return float(f"{value:.{digits}g}") if isfinite(value) else None
