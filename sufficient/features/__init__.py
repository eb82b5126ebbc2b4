"""Images as the features of a pretrained network."""

from sufficient.features.transformer import ImageFeatures

__all__ = ["ImageFeatures"]
