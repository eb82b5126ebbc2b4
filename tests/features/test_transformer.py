"""Features of images. Oracles: the module itself, and arithmetic."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

from sufficient import SampleSizeEstimator
from sufficient.datasets import load_digits_images
from sufficient.features import ImageFeatures
from tests.features.bodies import MEAN, STD, Answering, calls, pooled
from tests.small import SEEDED, small_net


class OfRows(ImageFeatures):
    """Takes any row for an image of one line, so that scikit-learn can check it."""

    def _shape_of_rows(self, n_pixels):
        return 1, 1, n_pixels

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


@parametrize_with_checks([OfRows(pooled(), pixel_range=(-1e4, 1e4))])
def test_transformer_keeps_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


def test_docstring_names_every_parameter():
    described = inspect.getdoc(ImageFeatures).partition("Attributes\n")[0]
    assert all(f"\n{name} : " in described for name in ImageFeatures().get_params())


class TestFeatures:
    def test_are_those_of_the_module_on_normalised_pixels(self, body, colours):
        pixels = (colours.astype(np.float32) / 255 - MEAN) / STD
        with torch.no_grad():
            expected = body.eval()(torch.from_numpy(pixels)).numpy()
        found = ImageFeatures(body).fit_transform(colours)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, atol=1e-5)

    def test_of_a_grey_image_are_those_of_three_equal_channels(self, body, images):
        threefold = np.repeat(images, 3, axis=1)
        np.testing.assert_array_equal(
            ImageFeatures(body).fit_transform(images),
            ImageFeatures(body).fit_transform(threefold),
        )

    @pytest.mark.parametrize("shape", [(1, 8, 8), [1, 8, 8], np.array([1, 8, 8])])
    def test_of_rows_are_those_of_images(self, body, images, shape):
        rows = images.reshape(len(images), -1)
        features = ImageFeatures(body, image_shape=shape).fit(rows)
        assert (features.n_features_in_, features.image_shape_) == (64, (1, 8, 8))
        np.testing.assert_array_equal(
            features.transform(rows), features.transform(images)
        )

    @pytest.mark.parametrize(
        ("change", "pixel_range"),
        [
            (lambda x: x, None),
            (lambda x: x.astype(np.float32) / 127.5 - 1, None),
            (lambda x: x / 255, (0, 1)),
            (lambda x: x.astype(np.int64), (0, 255)),
            (lambda x: x.tolist(), [0, 255]),
            (torch.from_numpy, None),
        ],
    )
    def test_do_not_depend_on_the_scale_of_the_pixels(
        self, body, colours, change, pixel_range
    ):
        found = ImageFeatures(body, pixel_range=pixel_range).fit_transform(
            change(colours)
        )
        expected = ImageFeatures(body).fit_transform(colours)
        np.testing.assert_allclose(found, expected, atol=1e-5)

    def test_repeat_to_the_bit_and_hardly_depend_on_batches(self, body, images):
        features = ImageFeatures(body, batch_size=7).fit(images)
        once, again = features.transform(images), features.transform(images)
        np.testing.assert_array_equal(once, again)
        whole = features.set_params(batch_size=100).transform(images)
        np.testing.assert_allclose(once, whole, atol=1e-5)

    def test_are_computed_in_batches(self, body, images):
        features = ImageFeatures(body, batch_size=16).fit(images)
        calls(features)
        features.transform(images)
        assert [shape[0] for shape in calls(features)] == [16, 16, 8]

    def test_of_a_random_module_repeat(self, images):
        noisy = Answering(lambda x: x.flatten(1)[:, :4] + torch.rand(len(x), 4))
        features = ImageFeatures(noisy).fit(images)
        np.testing.assert_array_equal(
            features.transform(images), features.transform(images)
        )

    @pytest.mark.parametrize(("size", "expected"), [(16, (16, 16)), ((12, 10),) * 2])
    def test_images_are_resized_where_a_size_is_given(
        self, body, images, size, expected
    ):
        features = ImageFeatures(body, image_size=size).fit(images)
        assert calls(features) == [(1, 3, *expected)]

    def test_resizing_interpolates_between_the_centres_of_pixels(self):
        X = np.array([0, 255], np.uint8).reshape(1, 1, 1, 2)
        found = ImageFeatures(nn.Flatten(), image_size=(1, 4)).fit_transform(X)
        pixels = found.reshape(3, 4) * STD[..., 0] + MEAN[..., 0]
        np.testing.assert_allclose(pixels, [[0, 0.25, 0.75, 1]] * 3, atol=1e-6)

    def test_preprocess_gets_colours_between_0_and_1(self, images):
        features = ImageFeatures(nn.Flatten(), preprocess=lambda x: x[:, :1])
        found = features.fit_transform(images)
        np.testing.assert_allclose(found, (images.reshape(40, -1) + 1) / 2, atol=1e-6)

    def test_other_channels_are_for_a_preprocess(self):
        X = np.linspace(-1, 1, 4 * 5 * 2 * 2).reshape(4, 5, 2, 2)
        features = ImageFeatures(nn.Flatten(), preprocess=lambda x: x)
        np.testing.assert_allclose(
            features.fit_transform(X), (X.reshape(4, -1) + 1) / 2, atol=1e-6
        )


class TestCaller:
    def test_module_is_left_as_it_was(self, body, images):
        weights = {name: w.clone() for name, w in body.state_dict().items()}
        ImageFeatures(body).fit_transform(images)
        assert body.training and all(m.training for m in body.modules())
        assert not body.calls
        assert all(torch.equal(w, body.state_dict()[n]) for n, w in weights.items())

    def test_random_state_is_left_as_it_was(self, images, body):
        before = torch.random.get_rng_state()
        ImageFeatures(body).fit_transform(images)
        assert torch.equal(before, torch.random.get_rng_state())

    def test_images_that_must_not_be_written_to_will_do(self, body, images, recwarn):
        images = images.copy()
        images.flags.writeable = False
        ImageFeatures(body).fit_transform(images)
        assert not recwarn.list

    def test_training_the_module_after_fit_changes_nothing(self, body, images):
        features = ImageFeatures(body).fit(images)
        before = features.transform(images)
        nn.init.zeros_(body.layers[0].weight)
        np.testing.assert_array_equal(features.transform(images), before)

    def test_progress_is_shown_on_request_only(self, body, images, capsys):
        ImageFeatures(body).fit_transform(images)
        assert not capsys.readouterr().err
        ImageFeatures(body, verbose=1).fit_transform(images)
        assert "batch" in capsys.readouterr().err


class TestNeighbours:
    def test_clone_keeps_parameters_and_weights(self, body, images):
        features = ImageFeatures(body, batch_size=3).set_params(image_size=9)
        copy = clone(features.fit(images))
        assert copy.get_params().keys() == features.get_params().keys()
        assert (copy.batch_size, copy.image_size) == (3, 9)
        with pytest.raises(NotFittedError):
            copy.transform(images)
        np.testing.assert_array_equal(
            copy.fit_transform(images), features.transform(images)
        )

    def test_pipeline_answers_how_much_data(self, body):
        X, y = load_digits_images(n_samples=120)
        pipe = make_pipeline(
            ImageFeatures(body, image_shape=(1, 8, 8)),
            StandardScaler(),
            SampleSizeEstimator(
                small_net(8),
                batch_size=16,
                **SEEDED,
            ),
        )
        pipe = clone(pipe).fit(X, y)
        assert pipe[-1].n_features_in_ == 24 and pipe[-1].n_samples_needed_ > 0
        assert pipe.predict(X[:5]).shape == (5,)

    def test_columns_are_named(self, body, images):
        rows = pd.DataFrame(images.reshape(40, -1)).rename(columns="p{}".format)
        features = ImageFeatures(body, image_shape=(1, 8, 8)).set_output(
            transform="pandas"
        )
        found = features.fit_transform(rows)
        assert list(found.columns[:2]) == ["imagefeatures0", "imagefeatures1"]
        assert list(features.feature_names_in_[:2]) == ["p0", "p1"]

    def test_failed_fit_is_no_fit(self, images):
        features = ImageFeatures(nn.Identity())
        with pytest.raises(ValueError):
            features.fit(images)
        with pytest.raises(NotFittedError):
            features.transform(images)
