"""Features of images from a pretrained network."""

from sufficient.features.transformer import ImageFeatures

__all__ = ["ImageFeatures"]
