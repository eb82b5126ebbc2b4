"""Images and backbones without features. Oracle: words that name the remedy."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from sufficient.features import ImageFeatures
from tests.features.bodies import Answering, Body


class TestRefusals:
    @pytest.mark.parametrize(
        ("X", "says"),
        [
            (np.zeros((4, 8, 8)), r"four axes.*X\[:, None\]"),
            (np.zeros((4, 1, 1, 8, 8)), "four axes"),
            (np.zeros((4, 64)), "image_shape=None. Set image_shape"),
            (np.zeros((4, 8, 8, 3)), r"8 channels.*X.transpose\(0, 3, 1, 2\)"),
            (np.zeros((4, 2, 8, 8)), "2 channels; 1 or 3 are expected.*preprocess"),
            (np.full((4, 1, 8, 8), np.nan), "NaN"),
            (np.zeros((0, 1, 8, 8)), "0 sample"),
            (np.full((4, 1, 8, 8), 255.0), r"from 255 to 255, but \[-1, 1\].*uint8"),
            (np.full((4, 1, 8, 8), -1.1), "Set pixel_range"),
        ],
    )
    def test_unfit_images_are_refused_with_a_remedy(self, body, X, says):
        with pytest.raises(ValueError, match=says):
            ImageFeatures(body).fit(X)

    @pytest.mark.parametrize("shape", [(1, 8, 9), (64,), (8, 8)])
    def test_rows_must_fill_the_image(self, body, shape):
        with pytest.raises(ValueError, match="flat rows of 64 pixels"):
            ImageFeatures(body, image_shape=shape).fit(np.zeros((4, 64)) - 1)

    def test_images_must_have_the_shape_that_is_known(self, body, images, colours):
        with pytest.raises(ValueError, match="image_shape is"):
            ImageFeatures(body, image_shape=(1, 4, 16)).fit(images)
        with pytest.raises(ValueError, match="fit was given"):
            ImageFeatures(body).fit(images).transform(colours)

    def test_pixels_without_blacks_are_doubted(self, body, images, recwarn):
        grey = (images + 1) / 2
        with pytest.warns(UserWarning, match=r"pixel_range=\(0, 1\)") as caught:
            ImageFeatures(body).fit(grey)
        assert caught[0].filename == __file__
        ImageFeatures(body, pixel_range=(-1, 1)).fit(grey)
        assert not recwarn.list

    @pytest.mark.parametrize(
        ("backbone", "says"),
        [
            (nn.Identity(), r"returns torch.Size\(\[1, 3, 8, 8\]\).*AdaptiveAvgPool2d"),
            (
                Answering(lambda x: {"features": x}),
                "returns dict for 1 images.*Wrap it",
            ),
            (Answering(lambda x: x.sum((2, 3)) / 0), "not finite"),
            (nn.Linear(5, 5), r"cannot take an image of shape \(1, 8, 8\).*image_size"),
            (nn.Conv2d(3, 2, 9), "Kernel size"),
            (Body().double(), "dtype|type"),
        ],
    )
    def test_unfit_backbone_is_refused_with_a_remedy(self, images, backbone, says):
        with pytest.raises(ValueError, match=says):
            ImageFeatures(backbone).fit(images)

    @pytest.mark.parametrize(
        ("parameter", "says"),
        [
            ({"backbone": Body}, "'backbone' parameter"),
            ({"batch_size": 0}, "'batch_size' parameter"),
            ({"pixel_range": (1, -1)}, "black < white"),
            ({"device": "nowhere"}, "device='nowhere' is not there"),
            (
                {"image_size": 9, "preprocess": nn.Identity()},
                "image_size is only for",
            ),
            ({"image_size": 9, "backbone": "resnet18"}, "image_size is only for"),
        ],
    )
    def test_unfit_parameters_are_refused(self, body, images, parameter, says):
        with pytest.raises(ValueError, match=says):
            ImageFeatures(body).set_params(**parameter).fit(images)
