"""Which part of the study a table belongs to."""

import hashlib

__all__ = ["PARTS", "part_of"]

PARTS = ("learn", "validate", "test")


def part_of(table: int) -> str:
    """One of `PARTS`, by a fixed hash of the OpenML number of the table."""
    digest = hashlib.md5(str(int(table)).encode(), usedforsecurity=False).hexdigest()
    return PARTS[int(digest, 16) % len(PARTS)]
