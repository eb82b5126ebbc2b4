"""The parts of the study, in order; later parts reuse networks of earlier parts."""

from . import (
    differences,
    distance,
    features,
    growth,
    norms,
    plane,
    published,
    surfaces,
    thresholds,
)

__all__ = ["PARTS"]

PARTS = {
    "features": features.measure,
    "differences": differences.measure,
    "surfaces": surfaces.measure,
    "norms": norms.measure,
    "distance": distance.measure,
    "growth": growth.measure,
    "thresholds": thresholds.measure,
    "published": published.measure,
    "plane": plane.measure,
}
