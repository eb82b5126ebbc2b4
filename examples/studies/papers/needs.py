"""Check what the parts need: a pretrained network and the files of the data sets."""

from itertools import chain

from ..common.needs import without_packages
from .backbone import PACKAGES
from .data import available
from .settings import Settings

__all__ = ["left_out", "missing"]

USE_FEATURES = {"features", "differences"}
USE_GROWN_DATA = {"growth", "thresholds", "published", "plane"}


def missing(parts: list[str], settings: Settings) -> list[str]:
    """Messages about missing packages and files without which a part cannot run."""
    pretrained = PACKAGES if _uses_pretrained(parts, settings) else ()
    nothing = [names for names in _data(parts, settings) if not available(names)]
    return [
        *without_packages("matplotlib", *pretrained),
        *(f"files of one of {', '.join(n)}: see sufficient.datasets" for n in nothing),
    ]


def left_out(parts: list[str], settings: Settings) -> list[str]:
    """Data sets whose files are not on this machine."""
    names = tuple(dict.fromkeys(chain(*_data(parts, settings))))
    here = available(names)
    return [name for name in names if name not in here]


def _uses_pretrained(parts, settings):
    # The small study uses a random network on the digits, and needs no download.
    return USE_FEATURES.intersection(parts) and settings.data != ("digits",)


def _data(parts, settings):
    """The lists of data sets that the parts use."""
    grown = USE_GROWN_DATA.intersection(parts)
    other = set(parts) - USE_GROWN_DATA
    return [settings.grown_data] * bool(grown) + [settings.data] * bool(other)
