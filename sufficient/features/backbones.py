"""Pretrained networks without their heads, and their preprocessing."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from sufficient.reproducibility.devices import available_device, default_device

__all__ = [
    "Preprocess",
    "StandardPixels",
    "backbone_and_preprocessing",
    "check_features",
    "device_for",
]

Preprocess = Callable[[Tensor], Tensor]
Backbone = tuple[nn.Module, Preprocess]
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class StandardPixels:
    """Resize, if a size is given, and normalise with ImageNet's mean and deviation."""

    size: tuple[int, int] | None

    def __call__(self, pixels: Tensor) -> Tensor:
        """Preprocess images of shape (n, 3, H, W) with pixels in [0, 1]."""
        if self.size is not None:
            pixels = interpolate(pixels, self.size, mode="bilinear", antialias=True)
        mean, std = pixels.new_tensor([IMAGENET_MEAN, IMAGENET_STD])[..., None, None]
        return (pixels - mean) / std


def backbone_and_preprocessing(
    backbone: str | nn.Module, standard: Preprocess
) -> Backbone:
    """The network without its head, and its preprocessing."""
    if isinstance(backbone, nn.Module):
        return deepcopy(backbone), standard
    try:
        if backbone.startswith("timm/"):
            return _from_timm(backbone.removeprefix("timm/"))
        return _from_torchvision(backbone)
    except OSError as error:
        raise OSError(
            f"The weights of {backbone!r} are not on this machine and could not be "
            f"downloaded ({error}). Try again online, copy {torch.hub.get_dir()} (for "
            "timm, the cache of huggingface_hub) from a machine that has them, or pass "
            "your own module."
        ) from error


def _from_torchvision(name: str) -> Backbone:
    models = _imported("torchvision.models", name)
    if name not in models.list_models(module=models):
        raise ValueError(
            f"torchvision has no classifier {name!r}; torchvision.models.list_models("
            f"module=torchvision.models) lists all. For timm, write 'timm/{name}'."
        )
    weights = models.get_model_weights(name).DEFAULT
    model = models.get_model(name, weights=weights)
    return _without_head(model, name), weights.transforms()


def _without_head(model: nn.Module, name: str) -> nn.Module:
    linear = [path for path, m in model.named_modules() if isinstance(m, nn.Linear)]
    if not linear:
        raise ValueError(
            f"{name!r} has no linear layer to remove as its head. Pass a module that "
            "returns the features, such as torch.nn.Sequential(model.features, "
            "torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())."
        )
    parent, _, child = linear[-1].rpartition(".")
    setattr(model.get_submodule(parent), child, nn.Identity())
    return model


def _from_timm(name: str) -> Backbone:
    timm, data = _imported("timm", f"timm/{name}"), _imported("timm.data", name)
    try:
        model = timm.create_model(name, pretrained=True, num_classes=0)
    except RuntimeError as error:
        raise ValueError(
            f"timm has no weights for {name!r} ({error}); timm.list_pretrained() lists "
            "the models that have weights."
        ) from error
    config = data.resolve_model_data_config(model)
    return model, data.create_transform(**config, is_training=False)


def _imported(module: str, name: str) -> ModuleType:
    package = module.partition(".")[0]
    try:
        return import_module(module)
    # RuntimeError: torchvision does not match the installed torch.
    except (ImportError, RuntimeError) as error:
        raise ImportError(
            f"backbone={name!r} needs {package}, which cannot be imported ({error}). "
            'Run: pip install "sufficient-data[features]" in an environment where '
            f"{package} matches torch {torch.__version__}, or pass your own module."
        ) from error


def device_for(device: str | None, backbone: str | nn.Module) -> torch.device:
    """The device asked for; by default that of the module, or CUDA if available."""
    if device is None and isinstance(backbone, nn.Module):
        return next((p.device for p in backbone.parameters()), torch.device("cpu"))
    return available_device(device or default_device())


def check_features(features: object, n: int) -> None:
    """Raise ValueError unless a backbone returns n rows of finite features."""
    if not isinstance(features, Tensor) or features.ndim != 2 or len(features) != n:
        found = getattr(features, "shape", type(features).__name__)
        raise ValueError(
            f"The backbone returns {found} for {n} images, but a tensor of shape ({n}, "
            "d) is expected. Wrap it in a module that selects the features. After "
            "feature maps, add torch.nn.AdaptiveAvgPool2d(1) and torch.nn.Flatten()."
        )
    if not features.isfinite().all():
        raise ValueError(
            "The backbone returns features that are not finite. Check its weights, and "
            "preprocess if one is given."
        )
