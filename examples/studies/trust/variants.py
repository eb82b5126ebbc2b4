"""Parameters that differ from the defaults, by a name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["DEFAULT", "OLD", "OLD_TO_THE_END", "VARIANTS", "Variant"]


@dataclass(frozen=True)
class Variant:
    """A name for parameters of `SampleSizeEstimator`."""

    name: str = ""
    settings: dict[str, Any] = field(default_factory=dict)


DEFAULT = Variant()
# The default before nets were trained to an optimum.
OLD = Variant("update", {"training": "update", "stop": "landscape", "refit": False})
OLD_TO_THE_END = Variant("update to the end", {"training": "update", "stop": "never"})
# What should not affect n*.
VARIANTS = (
    Variant("batch_size=16", {"batch_size": 16}),
    Variant("batch_size=256", {"batch_size": 256}),
    Variant("sizes a factor of 1.2 apart", {"schedule": 1.2}),
)
