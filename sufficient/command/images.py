"""Samples out of a folder that has a folder of images for each class."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np
from sklearn.utils import resample

from sufficient.command.tables import Data
from sufficient.command.targets import rows_of_classes

__all__ = ["load_images"]

# Pixels of a side: the small convolutional network gains little from more.
MOST_SIDE = 64
LEAST_SIDE = 8


def load_images(args: Namespace) -> Data:
    """The images in a folder, one folder a class, at one size.

    The side of all images is the shortest side there is, but 64 pixels at most. An
    image is scaled until its shorter side is that, and cropped at the centre. If all
    are grey, they have one channel, otherwise three. Pixels are from -1 to 1.

    Parameters
    ----------
    args : Namespace
        Of the parser: `data`, `n_samples`, `seed` and `regression`.

    Returns
    -------
    Data

    Raises
    ------
    ValueError
        If there are fewer than two classes, or an image is damaged or tiny.
    ImportError
        If Pillow is not installed.
    """
    if args.regression:
        raise ValueError("Folders of images are classes. Leave --regress out.")
    paths, y = _labelled_paths(Path(args.data))
    if (n := args.n_samples) is not None:
        paths, y = resample(
            paths, y, replace=False, n_samples=n, random_state=args.seed
        )
    rows, rare = rows_of_classes(np.asarray(y))
    paths, y = [paths[row] for row in rows], np.asarray(y)[rows]
    sizes, modes = zip(*map(_size_and_mode, paths), strict=True)
    side = min(MOST_SIDE, min(map(min, sizes)))
    if side < LEAST_SIDE:
        smallest = paths[int(np.argmin([min(size) for size in sizes]))]
        raise ValueError(
            f"{smallest} is less than {LEAST_SIDE} pixels wide or high. Leave it out."
        )
    mode = "L" if set(modes) <= {"1", "L"} else "RGB"
    X = np.stack([_pixels(path, side, mode) for path in paths])
    changed = f", scaled and cropped to {side} x {side}"
    remark = (
        f"{len(paths):,} images of {len(set(y)):,} classes, the names of the folders"
        f"{changed if set(sizes) != {(side, side)} else ''}."
    )
    return Data(X, y, regression=False, remarks=[remark, *rare], model="cnn")


def _labelled_paths(folder):
    endings = set(_pillow().registered_extensions())
    found = [
        (path, child.name)
        for child in sorted(folder.iterdir())
        if child.is_dir() and not child.name.startswith(".")
        for path in sorted(child.rglob("*"))
        if path.suffix.lower() in endings and path.is_file()
    ]
    if len({label for _, label in found}) < 2:
        raise ValueError(
            f"{folder} must hold two folders of images or more, one for each class."
        )
    paths, labels = zip(*found, strict=True)
    return list(paths), list(labels)


def _size_and_mode(path):
    with _opened(path) as image:
        return image.size, image.mode


def _pixels(path, side, mode):
    from PIL import ImageOps

    with _opened(path) as image:
        try:
            square = ImageOps.fit(image.convert(mode), (side, side))
        except OSError as error:
            raise ValueError(_damaged(path, error)) from error
    pixels = np.asarray(square, dtype=np.float32).reshape(side, side, -1)
    return pixels.transpose(2, 0, 1) / 127.5 - 1


def _opened(path):
    image = _pillow()
    try:
        return image.open(path)
    except OSError as error:
        raise ValueError(_damaged(path, error)) from error


def _damaged(path, error):
    return f"{path} is no image that can be read ({error}). Remove or replace it."


def _pillow():
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(
            "Reading images needs Pillow, which is not installed. "
            'Run: pip install "sufficient-data[images]".'
        ) from error
    return Image
