"""The numbers as JSON."""

import json
from math import isfinite
from pathlib import Path

import numpy as np

__all__ = ["read", "write"]

DIGITS = 4


def write(results: dict, path: Path) -> dict:
    """Keep the results, rounded to four digits, and return them as they are kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_plain(results), indent=None, separators=(",", ":"))
    path.write_text(text.replace('},{"', '},\n{"') + "\n", encoding="utf-8")
    return read(path)


def read(path: Path) -> dict:
    """Results kept before, or none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, float):
        return value
    # JSON knows no NaN.
    return float(f"{value:.{DIGITS}g}") if isfinite(value) else None
