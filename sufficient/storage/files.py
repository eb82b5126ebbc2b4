"""Files read and written whole, in a folder where others may have planted things."""

from __future__ import annotations

import os
import stat
from pathlib import Path

__all__ = ["read_whole", "write_whole"]

# No links are followed, and opening a FIFO does not wait. Missing on Windows.
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
CAREFUL = NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
FOR_THE_OWNER = 0o600


def read_whole(path: Path, most: int) -> bytes:
    """Read a regular file.

    Parameters
    ----------
    path : Path
        The file; a link is refused.
    most : int
        Largest size in bytes.

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If it is no regular file, or too large.
    OSError
        If it is not there, a link, or there is no right to read it.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | CAREFUL), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ValueError(f"{path.name} is not a regular file")
        if found.st_size > most:
            raise ValueError(
                f"{path.name} has {found.st_size:,} bytes, more than the {most:,} "
                "that are read"
            )
        return file.read()


def write_whole(path: Path, data: bytes) -> None:
    """Write to a temporary file, sync it to disk, then rename it.

    Parameters
    ----------
    path : Path
        Readable and writable by its owner only.
    data : bytes
        The contents.

    Raises
    ------
    OSError
        If that is not possible; what was there before is intact.
    """
    part = path.with_name(f"{path.name}.part")
    # Of a fit that was killed, or planted: what it may link to is not touched.
    part.unlink(missing_ok=True)
    new = os.O_WRONLY | os.O_CREAT | os.O_EXCL | CAREFUL
    try:
        with os.fdopen(os.open(part, new, FOR_THE_OWNER), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(path):
    if os.name != "posix":
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
