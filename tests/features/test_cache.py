"""Features that are kept. Oracle: those that were computed first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torch import nn

from sufficient.features import ImageFeatures
from tests.features.bodies import Body, calls


class TestCache:
    @pytest.fixture
    def kept(self, body, images, tmp_path):
        """A transformer with a warm cache, the features and their file."""
        features = ImageFeatures(body, cache=tmp_path / "made" / "here").fit(images)
        found = features.transform(images)
        (path,) = (tmp_path / "made" / "here").iterdir()
        calls(features)
        return features, found, path

    def test_second_time_only_the_first_image_is_computed(self, kept, images):
        features, found, _ = kept
        np.testing.assert_array_equal(features.transform(images), found)
        assert calls(features) == [(1, 3, 8, 8)]

    def test_file_can_be_read_by_numpy(self, kept):
        _, found, path = kept
        np.testing.assert_array_equal(np.load(path, allow_pickle=False), found)

    def test_survives_the_process(self, kept, body, images, tmp_path):
        again = ImageFeatures(body, cache=str(tmp_path / "made" / "here")).fit(images)
        calls(again)
        np.testing.assert_array_equal(again.transform(images), kept[1])
        assert calls(again) == [(1, 3, 8, 8)]

    def test_rows_batches_and_device_do_not_matter(self, kept, images):
        features, _, path = kept
        features.set_params(batch_size=3, image_shape=(1, 8, 8), device="cpu")
        features.fit(images).transform(images.reshape(40, -1))
        assert list(path.parent.iterdir()) == [path]

    @pytest.mark.parametrize(
        "change",
        [
            {"pixel_range": (-1, 2)},
            {"image_size": 9},
            {"preprocess": nn.Identity()},
            {"backbone": Body()},
            {"backbone": nn.Sequential(Body())},
        ],
    )
    def test_other_parameters_have_other_files(self, kept, images, change):
        features, _, path = kept
        features.set_params(**change).fit_transform(images)
        assert len(list(path.parent.iterdir())) == 2

    def test_other_images_have_other_files(self, kept, images):
        features, _, path = kept
        changed = images.copy()
        changed[-1, 0, 0, 0] += 0.5
        for X in (changed, images[:-1], images[::-1], images.astype(np.float64)):
            features.transform(X)
        assert len(list(path.parent.iterdir())) == 5

    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: b"",
            lambda content: content[:-1],
            lambda content: content[: len(content) // 2],
            lambda content: content[:200] + b"\0\0\0\1" + content[204:],
            lambda content: b"garbage" * 20,
        ],
    )
    def test_damaged_file_is_replaced_with_a_warning(self, kept, images, damage):
        features, found, path = kept
        whole = path.read_bytes()
        path.write_bytes(damage(whole))
        with pytest.warns(UserWarning, match="damaged") as caught:
            again = features.transform(images)
        assert caught[0].filename == __file__
        np.testing.assert_array_equal(again, found)
        assert path.read_bytes() == whole

    def test_pickle_in_the_cache_never_runs(self, kept, images, tmp_path):
        class Trap:
            def __reduce__(self):
                return Path.touch, (tmp_path / "sprung",)

        features, found, path = kept
        np.save(path, np.array([Trap()], dtype=object), allow_pickle=True)
        with pytest.warns(UserWarning, match="damaged"):
            np.testing.assert_array_equal(features.transform(images), found)
        assert not (tmp_path / "sprung").exists()

    def test_changed_code_is_noticed(self, kept, images, monkeypatch):
        features, found, _ = kept
        monkeypatch.setattr(Body, "forward", lambda self, X: 2 * self.layers(X))
        with pytest.warns(UserWarning, match="code"):
            np.testing.assert_array_equal(features.transform(images), 2 * found)

    @pytest.mark.parametrize("fails", ["write_bytes", "replace", "mkdir"])
    def test_full_disk_costs_only_the_cache(
        self, body, images, tmp_path, monkeypatch, fails
    ):
        def fail(*_, **__):
            raise OSError(28, "No space left on device")

        features = ImageFeatures(body, cache=tmp_path).fit(images)
        monkeypatch.setattr(Path, fails, fail)
        with pytest.warns(UserWarning, match="No space left"):
            assert features.transform(images).shape == (40, 24)
        assert not list(tmp_path.iterdir())
