"""Folders of images. Oracles: the pixels that were written, scikit-learn's digits."""

from __future__ import annotations

import numpy as np
import pytest

from sufficient.command.main import main
from sufficient.datasets import load_digits_images
from tests.command.spoken import FAST
from tests.strict import strict

Image = pytest.importorskip("PIL.Image")


@pytest.fixture
def written(tmp_path):
    """Write arrays of pixels as images, in a folder for each label."""

    def write(images, labels, ending="png"):
        for i, (pixels, label) in enumerate(zip(images, labels, strict=True)):
            folder = tmp_path / "images" / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / f"{i}.{ending}")
        return tmp_path / "images"

    return write


def noise(n, *shape):
    return np.random.default_rng(0).integers(256, size=(n, *shape), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(9, 9), (9, 9, 3)], ids=["grey", "colour"])
def test_pixels_and_labels_are_those_that_were_written(settings, written, shape):
    images, labels = noise(12, *shape), ["cat", "dog"] * 6
    main([str(written(images, labels))])
    # As the names of the files are sorted: 10.png before 2.png.
    order = sorted(range(12), key=lambda i: (labels[i], f"{i}.png"))
    assert settings["y"].tolist() == [labels[i] for i in order]
    pixels = (settings["X"] + 1) * 127.5
    expected = images[order].reshape(12, 9, 9, -1).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(pixels, expected, atol=1e-3)
    assert settings["estimator"] == "cnn"


def test_unequal_images_are_cropped_to_the_shortest_side(settings, written, capsys):
    tall, small = noise(6, 40, 20), noise(6, 16, 30)
    path = written([*tall, *small], ["a", "b"] * 6)
    main([str(path)])
    assert settings["X"].shape == (12, 1, 16, 16)
    err = capsys.readouterr().err
    assert "12 images of 2 classes" in err
    assert "scaled and cropped to 16 x 16" in err


def test_large_images_are_made_small(settings, written):
    main([str(written(noise(4, 200, 100), "abab"))])
    assert settings["X"].shape == (4, 1, 64, 64)


def test_a_folder_runs_to_the_end(written, capsys):
    X, y = load_digits_images(n_samples=300, as_images=True)
    path = written(((X[:, 0] + 1) * 127.5).astype(np.uint8), y)
    fast = [*FAST, "--batch-size=60", "--json", "--quiet"]
    assert main([str(path), *fast]) == 0
    assert strict(capsys.readouterr().out)["curves"]["validation_score"][-1] > 0.5


@pytest.mark.parametrize(
    ("shape", "labels", "options", "message"),
    [
        ((9, 9), "aaaa", [], "must hold two folders of images or more"),
        ((5, 9), "abab", [], "less than 8 pixels"),
        ((9, 9), "abab", ["--regress"], "Leave --regress out"),
        ((9, 9), "abab", ["--target=a"], "--target, --drop and --keep are for tables"),
    ],
)
def test_folders_without_an_answer_are_told(
    written, capsys, shape, labels, options, message
):
    assert main([str(written(noise(4, *shape), labels)), *options]) == 2
    assert message in capsys.readouterr().err


def test_a_damaged_image_is_named(written, capsys):
    path = written(noise(4, 9, 9), "abab")
    (path / "a" / "0.png").write_bytes(b"none")
    assert main([str(path)]) == 2
    assert "0.png is no image that can be read" in capsys.readouterr().err
