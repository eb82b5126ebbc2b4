"""Files of features, with a checksum to detect damage."""

from __future__ import annotations

import io
import uuid
import warnings
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["store", "stored"]

CHECKSUM_BYTES = 32


def stored(path: Path) -> NDArray[np.float32] | None:
    """Features read from a file; None if it is missing or damaged."""
    try:
        content = path.read_bytes()
        body, checksum = content[:-CHECKSUM_BYTES], content[-CHECKSUM_BYTES:]
        if sha256(body).digest() != checksum:
            return None
        return np.load(io.BytesIO(body), allow_pickle=False)
    except (OSError, ValueError):
        return None


def store(path: Path, features: NDArray[np.float32]) -> None:
    """Write features and their checksum to a file, by way of a temporary file.

    numpy can load the file, because it ignores the checksum after the array.
    """
    body = io.BytesIO()
    np.save(body, features, allow_pickle=False)
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(body.getvalue() + sha256(body.getvalue()).digest())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        warnings.warn(
            f"The features could not be written to {path.parent} ({error.strerror}). "
            "They will be computed again next time.",
            stacklevel=4,
        )
