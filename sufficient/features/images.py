"""Checks of images: their shape, their channels and the range of their pixels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import prod

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import validate_data

from sufficient.features.backbones import Preprocess
from sufficient.typing import ArrayLike

__all__ = ["ImagesMixin"]

SLACK = 1e-3  # share of the pixel range; resizing and rounding exceed it by less


class ImagesMixin(BaseEstimator):
    """Accept images with four axes, or flat rows if `image_shape` is given."""

    image_shape: Sequence[int] | None
    pixel_range: Sequence[float] | None
    preprocess: Preprocess | None
    image_shape_: tuple[int, ...]

    def __sklearn_tags__(self) -> Tags:
        """Tags: X need not be two-dimensional; the output is float32."""
        # With `two_d_array`, scikit-learn's checks would pass rows of any width, which
        # are no images.
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _images(self, X: ArrayLike, reset: bool) -> np.ndarray:
        X = X if hasattr(X, "shape") else np.asarray(X)
        shape = tuple(X.shape)
        if len(shape) not in (0, 1, 2, 4):
            raise ValueError(
                f"X has shape {shape}, but images need four axes: (n, channels, height,"
                " width). X[:, None] makes grey images of (n, height, width)."
            )
        if len(shape) == 4:
            self._check_known(shape[1:], reset)
            X = np.asarray(X).reshape(shape[0], prod(shape[1:]))
        X = validate_data(self, X, reset=reset)
        self._check_range(X)
        shape = shape[1:] if len(shape) == 4 else self._shape_of_rows(X.shape[1])
        _check_channels(shape, self.preprocess)
        return X.reshape(-1, *shape)

    def _check_known(self, shape: tuple[int, ...], reset: bool) -> None:
        known = self.image_shape if reset else self.image_shape_
        if known is not None and tuple(known) != shape:
            source = "image_shape is" if reset else "fit was given"
            raise ValueError(
                f"X has images of shape {shape} (channels, height, width), but {source}"
                f" {tuple(known)}. Resize or crop them to one shape."
            )

    def _shape_of_rows(self, n_pixels: int) -> tuple[int, ...]:
        shape = self.image_shape
        if shape is None or len(shape) != 3 or prod(shape) != n_pixels:
            raise ValueError(
                f"X has flat rows of {n_pixels} pixels, but image_shape={shape!r}. Set "
                "image_shape=(channels, height, width) with this product, or pass X of "
                "shape (n, channels, height, width)."
            )
        return tuple(shape)

    def _range(self, dtype: np.dtype) -> tuple[float, float]:
        if self.pixel_range is None:
            return (0, 255) if dtype == np.uint8 else (-1, 1)
        black, white = self.pixel_range
        if not black < white:
            raise ValueError(
                f"pixel_range={self.pixel_range!r} must be (black, white) with black < "
                "white."
            )
        return black, white

    def _check_range(self, X: np.ndarray) -> None:
        black, white = self._range(X.dtype)
        slack = SLACK * (white - black)
        lowest, highest = X.min(), X.max()
        if lowest < black - slack or highest > white + slack:
            raise ValueError(
                f"X has pixels from {lowest:.4g} to {highest:.4g}, but [{black}, "
                f"{white}] is expected. Set pixel_range=(black, white) to the range of "
                "X. The default is (0, 255) for uint8, and (-1, 1) for all other types "
                "because sufficient.datasets loads images in this range."
            )

    def _warn_about_range(self, images: np.ndarray) -> None:
        guessed = self.pixel_range is None and images.dtype != np.uint8
        if guessed and images.min() >= 0:
            warnings.warn(
                "No pixel of X is below 0, but the default range is [-1, 1]. Set "
                "pixel_range=(0, 1) if that is the range of X, or (-1, 1) to confirm.",
                stacklevel=4,
            )


def _check_channels(shape: tuple[int, ...], preprocess: Preprocess | None) -> None:
    if shape[0] in (1, 3) or preprocess is not None:
        return
    last = " X.transpose(0, 3, 1, 2) puts them first." if shape[2] in (1, 3) else ""
    raise ValueError(
        f"Images of shape {tuple(shape)} have {shape[0]} channels; 1 or 3 are expected,"
        f" before height and width.{last} Other images need a preprocess that converts "
        "them to the input of the backbone."
    )
