"""`ImageFeatures`: a transformer from images to features of a pretrained network."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted
from torch import nn
from tqdm.auto import tqdm

from sufficient.features.backbones import (
    Preprocess,
    StandardPixels,
    backbone_and_preprocessing,
    check_features,
    device_for,
)
from sufficient.features.cache import store, stored
from sufficient.features.images import ImagesMixin
from sufficient.reproducibility.fingerprint import described, digest, versions
from sufficient.reproducibility.seeds import seeded
from sufficient.typing import ArrayLike

__all__ = ["ImageFeatures"]

Features = NDArray[np.float32]

AGREEMENT = 0.02  # GPUs compute convolutions with relative errors of about 1e-3


class ImageFeatures(
    ImagesMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Turn images into features of a network that was trained on other images.

    Pixels are scaled to [0, 1], grey images are repeated in three channels, the images
    are preprocessed as for the training of the network, and the network is run without
    its classification head.

    Nothing is learnt from the images, so they may be transformed before they are split.

    Parameters
    ----------
    backbone : str or torch.nn.Module, default="resnet18"
        A torchvision classifier such as "resnet18" or "vit_b_16", a timm model such as
        "timm/vit_small_patch14_dinov2.lvd142m", both with their default weights, or
        your own module that maps images ``(n, 3, H, W)`` to features ``(n, d)``. A
        module is copied and never modified.
    image_shape : tuple of (int, int, int), default=None
        Channels, height and width, needed for images given as flat rows.
    pixel_range : tuple of (float, float), default=None
        Values of black and white. None means (0, 255) for uint8, and (-1, 1) for all
        other types, because `sufficient.datasets` loads images in this range.
    preprocess : callable, default=None
        Maps images ``(n, 3, H, W)``, a float32 tensor in [0, 1], to the input of the
        backbone. None means the preprocessing that comes with the weights. For your own
        module, it resizes to `image_size` and normalises as usual for ImageNet.
    image_size : int or tuple of (int, int), default=None
        Height and width to which images are resized for your own module. None does not
        resize.
    batch_size : int, default=64
        Number of images that go through the backbone at a time.
    device : str, default=None
        Device to compute on, such as "cuda". None means the device of a given module;
        for named backbones, CUDA if it is available.
    cache : str or path-like, default=None
        Folder for computed features, with one .npy file for each combination of
        backbone, preprocessing and images. None stores nothing.
    verbose : int, default=0
        Above 0, show a progress bar.

    Attributes
    ----------
    backbone_ : torch.nn.Module
        The network without its head.
    preprocess_ : callable
        The preprocessing applied before the network.
    device_ : torch.device
        The device of the network.
    image_shape_ : tuple of (int, int, int)
        Channels, height and width of the images seen in `fit`.
    n_features_in_ : int
        Number of pixels: the product of `image_shape_`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the pixels, if X has column names that are strings.

    Notes
    -----
    With the same `batch_size` and device, the same images give the same features to the
    last bit. Another batch size or device changes the last digits only, and the cache
    does not distinguish these. It identifies weights by a checksum, functions by name,
    and computes the first image again to detect changes of their code.

    Examples
    --------
    >>> from torch import nn
    >>> from sufficient.datasets import load_digits_images
    >>> from sufficient.features import ImageFeatures
    >>> X, y = load_digits_images(n_samples=100)
    >>> body = nn.Sequential(
    ...     nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ... )
    >>> ImageFeatures(body, image_shape=(1, 8, 8)).fit_transform(X).shape
    (100, 8)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "backbone": [str, nn.Module],
        "image_shape": ["array-like", None],
        "pixel_range": ["array-like", None],
        "preprocess": [callable, None],
        "image_size": [Interval(Integral, 1, None, closed="left"), "array-like", None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "device": [str, torch.device, None],
        "cache": [str, os.PathLike, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        backbone: str | nn.Module = "resnet18",
        *,
        image_shape: Sequence[int] | None = None,
        pixel_range: Sequence[float] | None = None,
        preprocess: Preprocess | None = None,
        image_size: int | Sequence[int] | None = None,
        batch_size: int = 64,
        device: str | None = None,
        cache: str | os.PathLike[str] | None = None,
        verbose: int = 0,
    ) -> None:
        self.backbone = backbone
        self.image_shape = image_shape
        self.pixel_range = pixel_range
        self.preprocess = preprocess
        self.image_size = image_size
        self.batch_size = batch_size
        self.device = device
        self.cache = cache
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: None = None) -> ImageFeatures:
        """Load the backbone, and test it on the first image.

        Parameters
        ----------
        X : array-like of shape (n, channels, height, width) or (n, n_pixels)
            Images, or flat rows together with `image_shape`.
        y : None
            Not used.

        Returns
        -------
        ImageFeatures
            Itself, fitted.

        Raises
        ------
        ValueError
            If the shape or range of the images, the backbone or a parameter is not
            valid; the message says what to do.
        ImportError
            If the backbone needs torchvision or timm, and they are not installed.
        OSError
            If the weights of a named backbone cannot be downloaded.
        """
        images = self._images(X, reset=True)
        self._warn_about_range(images)
        self.image_shape_ = images.shape[1:]
        with seeded(0):  # Models are initialised at random before weights are loaded.
            backbone, own = backbone_and_preprocessing(
                self.backbone, self._standard_pixels()
            )
        self.device_ = device_for(self.device, self.backbone)
        self.backbone_ = backbone.to(self.device_).eval()
        self.preprocess_ = own if self.preprocess is None else self.preprocess
        self._n_features_out = self._features_of_one(images[:1]).shape[1]
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Features of the images.

        Parameters
        ----------
        X : array-like of shape (n, channels, height, width) or (n, n_pixels)
            Images of the shape seen in `fit`.

        Returns
        -------
        ndarray of shape (n, d), float32
            One row for each image.

        Warns
        -----
        UserWarning
            If features in `cache` are damaged or outdated, in which case they are
            computed again, or cannot be written.
        """
        check_is_fitted(self, "_n_features_out")
        images = self._images(X, reset=False)
        if self.cache is None:
            return self._computed(images)
        path = Path(self.cache) / f"{self._fingerprint(images)}.npy"
        features = self._found(path, images)
        if features is None:
            features = self._computed(images)
            store(path, features)
        return features

    def _standard_pixels(self) -> StandardPixels:
        if self.image_size is None:
            return StandardPixels(None)
        if isinstance(self.backbone, str) or self.preprocess is not None:
            raise ValueError(
                "image_size is only for your own module without preprocess. Leave it "
                "out: named backbones come with their own size, and preprocess has to "
                "resize where needed."
            )
        height, width = np.broadcast_to(self.image_size, 2).tolist()
        return StandardPixels((height, width))

    def _features_of_one(self, image: np.ndarray) -> Features:
        try:
            return self._computed(image, quietly=True)
        except (RuntimeError, IndexError, TypeError) as error:
            raise ValueError(
                f"The backbone cannot take an image of shape {image.shape[1:]} that was"
                f" preprocessed by {self.preprocess_}: {str(error).splitlines()[0]}. "
                "Set image_size to the size that the module expects, or set preprocess."
            ) from error

    def _computed(self, images: np.ndarray, quietly: bool = False) -> Features:
        starts = range(0, len(images), self.batch_size)
        hidden = quietly or not self.verbose
        with torch.no_grad(), seeded(0, self.device_):
            parts = [
                self._features(images[start : start + self.batch_size])
                for start in tqdm(starts, unit="batch", disable=hidden)
            ]
        return np.concatenate(parts)

    def _features(self, images: np.ndarray) -> Features:
        black, white = self._range(images.dtype)
        # A copy, because torch warns about arrays that are not writable.
        pixels = torch.from_numpy(np.array(images, dtype=np.float32)).to(self.device_)
        pixels = ((pixels - black) / (white - black)).clamp(0, 1)
        if pixels.shape[1] == 1:
            pixels = pixels.expand(-1, 3, -1, -1)
        features = self.backbone_(self.preprocess_(pixels))
        check_features(features, len(images))
        return features.float().cpu().numpy()

    def _found(self, path: Path, images: np.ndarray) -> Features | None:
        if not path.is_file():
            return None
        features = stored(path)
        if features is None or not self._agree(features, images):
            warnings.warn(
                f"{path} is damaged, or the code of backbone or preprocess has changed "
                "since it was written. The features are computed again.",
                stacklevel=4,
            )
            return None
        return features

    def _agree(self, features: Features, images: np.ndarray) -> bool:
        fresh = self._computed(images[:1], quietly=True)
        if features.shape != (len(images), fresh.shape[1]):
            return False
        distance = np.linalg.norm(features[:1] - fresh)
        return bool(distance <= AGREEMENT * np.linalg.norm(fresh))

    def _fingerprint(self, images: np.ndarray) -> str:
        weights = self.backbone_.state_dict()
        words = {
            **versions(),
            "name": self.backbone if isinstance(self.backbone, str) else "",
            "module": f"{type(self.backbone_).__qualname__} {self.backbone_!r}",
            "weights": tuple(weights),
            "preprocess": self.preprocess_,
            "pixel_range": self._range(images.dtype),
        }
        return digest(described(words), *weights.values(), images)[:32]
