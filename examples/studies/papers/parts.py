"""The parts of the study, in order: later ones use networks of earlier ones."""

from . import (
    differences,
    distance,
    features,
    growth,
    norms,
    plane,
    published,
    surfaces,
)

__all__ = ["PARTS"]

PARTS = {
    "features": features.measure,
    "differences": differences.measure,
    "surfaces": surfaces.measure,
    "norms": norms.measure,
    "distance": distance.measure,
    "growth": growth.measure,
    "published": published.measure,
    "plane": plane.measure,
}
