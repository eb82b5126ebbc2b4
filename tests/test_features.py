"""Oracles: the module itself, arithmetic, and what must not change."""

from __future__ import annotations

import builtins
import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

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
from sufficient.nets import default_net

MEAN = np.array([0.485, 0.456, 0.406], np.float32)[:, None, None]
STD = np.array([0.229, 0.224, 0.225], np.float32)[:, None, None]


class Body(nn.Module):
    """Two convolutions with everything that training mode would change."""

    def __init__(self, width=6):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 3),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
        )
        self.calls = []

    def forward(self, X):
        self.calls.append(tuple(X.shape))
        return self.layers(X)


class Answering(nn.Module):
    """A body whose answer is what a test says."""

    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def forward(self, X):
        return self.answer(X)


class OfRows(ImageFeatures):
    """Takes any row for an image of one line, so that scikit-learn can check it."""

    def _shape_of_rows(self, n_pixels):
        return 1, 1, n_pixels

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


def pooled(n=2):
    return nn.Sequential(nn.AdaptiveAvgPool2d((1, n)), nn.Flatten())


@pytest.fixture
def body():
    torch.manual_seed(0)
    return Body()


@pytest.fixture(scope="module")
def digits():
    return load_digits_images(n_samples=40, as_images=True)[0]


@pytest.fixture(scope="module")
def colours():
    return np.random.default_rng(0).integers(256, size=(5, 3, 9, 7)).astype(np.uint8)


def calls(features):
    """Batches that went through the backbone since it was asked last."""
    found = list(features.backbone_.calls)
    features.backbone_.calls.clear()
    return found


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

    def test_of_a_grey_image_are_those_of_three_equal_channels(self, body, digits):
        threefold = np.repeat(digits, 3, axis=1)
        np.testing.assert_array_equal(
            ImageFeatures(body).fit_transform(digits),
            ImageFeatures(body).fit_transform(threefold),
        )

    @pytest.mark.parametrize("shape", [(1, 8, 8), [1, 8, 8], np.array([1, 8, 8])])
    def test_of_rows_are_those_of_images(self, body, digits, shape):
        rows = digits.reshape(len(digits), -1)
        features = ImageFeatures(body, image_shape=shape).fit(rows)
        assert (features.n_features_in_, features.image_shape_) == (64, (1, 8, 8))
        np.testing.assert_array_equal(
            features.transform(rows), features.transform(digits)
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

    def test_repeat_to_the_bit_and_hardly_depend_on_batches(self, body, digits):
        features = ImageFeatures(body, batch_size=7).fit(digits)
        once, again = features.transform(digits), features.transform(digits)
        np.testing.assert_array_equal(once, again)
        whole = features.set_params(batch_size=100).transform(digits)
        np.testing.assert_allclose(once, whole, atol=1e-5)

    def test_are_computed_in_batches(self, body, digits):
        features = ImageFeatures(body, batch_size=16).fit(digits)
        calls(features)
        features.transform(digits)
        assert [shape[0] for shape in calls(features)] == [16, 16, 8]

    def test_of_a_random_module_repeat(self, digits):
        noisy = Answering(lambda x: x.flatten(1)[:, :4] + torch.rand(len(x), 4))
        features = ImageFeatures(noisy).fit(digits)
        np.testing.assert_array_equal(
            features.transform(digits), features.transform(digits)
        )

    @pytest.mark.parametrize(("size", "expected"), [(16, (16, 16)), ((12, 10),) * 2])
    def test_images_are_resized_where_a_size_is_given(
        self, body, digits, size, expected
    ):
        features = ImageFeatures(body, image_size=size).fit(digits)
        assert calls(features) == [(1, 3, *expected)]

    def test_resizing_interpolates_between_the_centres_of_pixels(self):
        X = np.array([0, 255], np.uint8).reshape(1, 1, 1, 2)
        found = ImageFeatures(nn.Flatten(), image_size=(1, 4)).fit_transform(X)
        pixels = found.reshape(3, 4) * STD[..., 0] + MEAN[..., 0]
        np.testing.assert_allclose(pixels, [[0, 0.25, 0.75, 1]] * 3, atol=1e-6)

    def test_preprocess_gets_colours_between_0_and_1(self, digits):
        features = ImageFeatures(nn.Flatten(), preprocess=lambda x: x[:, :1])
        found = features.fit_transform(digits)
        np.testing.assert_allclose(found, (digits.reshape(40, -1) + 1) / 2, atol=1e-6)

    def test_other_channels_are_for_a_preprocess(self):
        X = np.linspace(-1, 1, 4 * 5 * 2 * 2).reshape(4, 5, 2, 2)
        features = ImageFeatures(nn.Flatten(), preprocess=lambda x: x)
        np.testing.assert_allclose(
            features.fit_transform(X), (X.reshape(4, -1) + 1) / 2, atol=1e-6
        )


class TestCaller:
    def test_module_is_left_as_it_was(self, body, digits):
        weights = {name: w.clone() for name, w in body.state_dict().items()}
        ImageFeatures(body).fit_transform(digits)
        assert body.training and all(m.training for m in body.modules())
        assert not body.calls
        assert all(torch.equal(w, body.state_dict()[n]) for n, w in weights.items())

    def test_random_state_is_left_as_it_was(self, digits, body):
        before = torch.random.get_rng_state()
        ImageFeatures(body).fit_transform(digits)
        assert torch.equal(before, torch.random.get_rng_state())

    def test_images_that_must_not_be_written_to_will_do(self, body, digits, recwarn):
        digits = digits.copy()
        digits.flags.writeable = False
        ImageFeatures(body).fit_transform(digits)
        assert not recwarn.list

    def test_training_the_module_after_fit_changes_nothing(self, body, digits):
        features = ImageFeatures(body).fit(digits)
        before = features.transform(digits)
        nn.init.zeros_(body.layers[0].weight)
        np.testing.assert_array_equal(features.transform(digits), before)

    def test_progress_is_shown_on_request_only(self, body, digits, capsys):
        ImageFeatures(body).fit_transform(digits)
        assert not capsys.readouterr().err
        ImageFeatures(body, verbose=1).fit_transform(digits)
        assert "batch" in capsys.readouterr().err


class TestNeighbours:
    def test_clone_keeps_parameters_and_weights(self, body, digits):
        features = ImageFeatures(body, batch_size=3).set_params(image_size=9)
        copy = clone(features.fit(digits))
        assert copy.get_params().keys() == features.get_params().keys()
        assert (copy.batch_size, copy.image_size) == (3, 9)
        with pytest.raises(NotFittedError):
            copy.transform(digits)
        np.testing.assert_array_equal(
            copy.fit_transform(digits), features.transform(digits)
        )

    def test_pipeline_answers_how_much_data(self, body):
        X, y = load_digits_images(n_samples=120)
        net = default_net("mlp", module__hidden_sizes=(8,), lr=0.01)
        pipe = make_pipeline(
            ImageFeatures(body, image_shape=(1, 8, 8)),
            StandardScaler(),
            SampleSizeEstimator(
                net, n_directions=2, schedule=[2, 4], batch_size=16, random_state=0
            ),
        )
        pipe = clone(pipe).fit(X, y)
        assert pipe[-1].n_features_in_ == 24 and pipe[-1].n_samples_needed_ > 0
        assert pipe.predict(X[:5]).shape == (5,)

    def test_columns_are_named(self, body, digits):
        rows = pd.DataFrame(digits.reshape(40, -1)).rename(columns="p{}".format)
        features = ImageFeatures(body, image_shape=(1, 8, 8)).set_output(
            transform="pandas"
        )
        found = features.fit_transform(rows)
        assert list(found.columns[:2]) == ["imagefeatures0", "imagefeatures1"]
        assert list(features.feature_names_in_[:2]) == ["p0", "p1"]

    def test_failed_fit_is_no_fit(self, digits):
        features = ImageFeatures(nn.Identity())
        with pytest.raises(ValueError):
            features.fit(digits)
        with pytest.raises(NotFittedError):
            features.transform(digits)


class TestCache:
    @pytest.fixture
    def kept(self, body, digits, tmp_path):
        """A transformer with a warm cache, the features and their file."""
        features = ImageFeatures(body, cache=tmp_path / "made" / "here").fit(digits)
        found = features.transform(digits)
        (path,) = (tmp_path / "made" / "here").iterdir()
        calls(features)
        return features, found, path

    def test_second_time_only_the_first_image_is_computed(self, kept, digits):
        features, found, _ = kept
        np.testing.assert_array_equal(features.transform(digits), found)
        assert calls(features) == [(1, 3, 8, 8)]

    def test_file_can_be_read_by_numpy(self, kept):
        _, found, path = kept
        np.testing.assert_array_equal(np.load(path, allow_pickle=False), found)

    def test_survives_the_process(self, kept, body, digits, tmp_path):
        again = ImageFeatures(body, cache=str(tmp_path / "made" / "here")).fit(digits)
        calls(again)
        np.testing.assert_array_equal(again.transform(digits), kept[1])
        assert calls(again) == [(1, 3, 8, 8)]

    def test_rows_batches_and_device_do_not_matter(self, kept, digits):
        features, _, path = kept
        features.set_params(batch_size=3, image_shape=(1, 8, 8), device="cpu")
        features.fit(digits).transform(digits.reshape(40, -1))
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
    def test_other_parameters_have_other_files(self, kept, digits, change):
        features, _, path = kept
        features.set_params(**change).fit_transform(digits)
        assert len(list(path.parent.iterdir())) == 2

    def test_other_images_have_other_files(self, kept, digits):
        features, _, path = kept
        changed = digits.copy()
        changed[-1, 0, 0, 0] += 0.5
        for X in (changed, digits[:-1], digits[::-1], digits.astype(np.float64)):
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
    def test_damaged_file_is_replaced_with_a_warning(self, kept, digits, damage):
        features, found, path = kept
        whole = path.read_bytes()
        path.write_bytes(damage(whole))
        with pytest.warns(UserWarning, match="damaged") as caught:
            again = features.transform(digits)
        assert caught[0].filename == __file__
        np.testing.assert_array_equal(again, found)
        assert path.read_bytes() == whole

    def test_pickle_in_the_cache_never_runs(self, kept, digits, tmp_path):
        class Trap:
            def __reduce__(self):
                return Path.touch, (tmp_path / "sprung",)

        features, found, path = kept
        np.save(path, np.array([Trap()], dtype=object), allow_pickle=True)
        with pytest.warns(UserWarning, match="damaged"):
            np.testing.assert_array_equal(features.transform(digits), found)
        assert not (tmp_path / "sprung").exists()

    def test_changed_code_is_noticed(self, kept, digits, monkeypatch):
        features, found, _ = kept
        monkeypatch.setattr(Body, "forward", lambda self, X: 2 * self.layers(X))
        with pytest.warns(UserWarning, match="code"):
            np.testing.assert_array_equal(features.transform(digits), 2 * found)

    @pytest.mark.parametrize("fails", ["write_bytes", "replace", "mkdir"])
    def test_full_disk_costs_only_the_cache(
        self, body, digits, tmp_path, monkeypatch, fails
    ):
        def fail(*_, **__):
            raise OSError(28, "No space left on device")

        features = ImageFeatures(body, cache=tmp_path).fit(digits)
        monkeypatch.setattr(Path, fails, fail)
        with pytest.warns(UserWarning, match="No space left"):
            assert features.transform(digits).shape == (40, 24)
        assert not list(tmp_path.iterdir())


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

    def test_images_must_have_the_shape_that_is_known(self, body, digits, colours):
        with pytest.raises(ValueError, match="image_shape is"):
            ImageFeatures(body, image_shape=(1, 4, 16)).fit(digits)
        with pytest.raises(ValueError, match="fit was given"):
            ImageFeatures(body).fit(digits).transform(colours)

    def test_pixels_without_blacks_are_doubted(self, body, digits, recwarn):
        grey = (digits + 1) / 2
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
    def test_unfit_backbone_is_refused_with_a_remedy(self, digits, backbone, says):
        with pytest.raises(ValueError, match=says):
            ImageFeatures(backbone).fit(digits)

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
    def test_unfit_parameters_are_refused(self, body, digits, parameter, says):
        with pytest.raises(ValueError, match=says):
            ImageFeatures(body).set_params(**parameter).fit(digits)


class Halved(nn.Module):
    """A preprocessing that is told from others by its result."""

    def forward(self, X):
        return X / 2


def classifier(width=4, n_classes=10):
    """A stand-in for a torchvision model: a body and a linear head."""
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    head = nn.Sequential(nn.Dropout(0.5), nn.Linear(width, n_classes))
    return nn.Sequential(nn.Conv2d(3, width, 1), pool, head)


@pytest.fixture
def fakes(monkeypatch):
    """Put stand-ins for torchvision and timm in place; return what they were asked."""
    asked = []
    weights = SimpleNamespace(transforms=Halved)
    models = {"tiny": classifier, "headless": lambda: nn.Conv2d(3, 2, 1)}

    def offline():
        raise OSError("no such host")

    def torchvision_model(name, weights):
        asked.append((name, weights))
        return {**models, "offline": offline}[name]()

    def timm_model(name, *, pretrained, num_classes):
        asked.append((name, pretrained, num_classes))
        if name != "small":
            raise RuntimeError(f"Unknown model ({name})")
        return nn.Sequential(*classifier()[:2])

    def put(name, **content):
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
        return module

    put(
        "torchvision",
        models=put(
            "torchvision.models",
            list_models=lambda module: [*models, "offline"],
            get_model_weights=lambda name: SimpleNamespace(DEFAULT=weights),
            get_model=torchvision_model,
        ),
    )
    data = put(
        "timm.data",
        resolve_model_data_config=lambda model: {"input_size": (3, 8, 8)},
        create_transform=lambda input_size, is_training: Halved(),
    )
    put("timm", create_model=timm_model, data=data)
    return SimpleNamespace(asked=asked, weights=weights)


class TestNames:
    def test_torchvision_model_loses_its_head(self, fakes, digits):
        features = ImageFeatures("tiny").fit(digits)
        assert fakes.asked == [("tiny", fakes.weights)]
        assert features.transform(digits).shape == (40, 4)
        assert isinstance(features.backbone_[2][1], nn.Identity)
        assert not features.backbone_.training

    def test_timm_model_is_made_without_a_head(self, fakes, digits):
        features = ImageFeatures("timm/small").fit(digits)
        assert fakes.asked == [("small", True, 0)]
        assert features.transform(digits).shape == (40, 4)

    @pytest.mark.parametrize("name", ["tiny", "timm/small"])
    def test_preprocessing_comes_with_the_weights(self, fakes, digits, name):
        features = ImageFeatures(name).fit(digits)
        assert isinstance(features.preprocess_, Halved)
        features.set_params(preprocess=nn.Identity()).fit(digits)
        assert isinstance(features.preprocess_, nn.Identity)

    @pytest.mark.parametrize("name", ["tiny", "timm/small"])
    def test_random_state_is_left_as_it_was(self, fakes, digits, name):
        before = torch.random.get_rng_state()
        ImageFeatures(name).fit(digits)
        assert torch.equal(before, torch.random.get_rng_state())

    @pytest.mark.parametrize(
        ("name", "error", "says"),
        [
            ("tinny", ValueError, "no classifier 'tinny'.*list_models.*timm/tinny"),
            ("headless", ValueError, "no linear layer"),
            ("offline", OSError, "no such host.*your own module"),
            ("timm/big", ValueError, "no weights for 'big'.*list_pretrained"),
        ],
    )
    def test_unfit_name_is_refused_with_a_remedy(
        self, fakes, digits, name, error, says
    ):
        with pytest.raises(error, match=says):
            ImageFeatures(name).fit(digits)

    @pytest.mark.parametrize("name", ["resnet18", "timm/resnet18"])
    @pytest.mark.parametrize("problem", [ImportError, RuntimeError])
    def test_missing_package_names_the_remedy(self, monkeypatch, digits, name, problem):
        true_import = importlib.import_module

        def refuse(module, *args):
            if module.startswith(("torchvision", "timm")):
                raise problem("it is not here")
            return true_import(module, *args)

        monkeypatch.setattr("sufficient.features.backbones.import_module", refuse)
        with pytest.raises(ImportError, match=r"not here.*sufficient-data\[features\]"):
            ImageFeatures(name).fit(digits)

    def test_module_of_ones_own_imports_neither(self, body, digits, monkeypatch):
        true_import = builtins.__import__

        def watched(name, *args, **kwargs):
            assert not name.startswith(("torchvision", "timm"))
            return true_import(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", watched)
        ImageFeatures(body).fit_transform(digits)


REAL = """
import sys
import torch

if not torch.cuda.is_available():
    # A torchvision built for CUDA does not import without these two.
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor a, Tensor b, float c) -> Tensor")
    library.define("qnms(Tensor a, Tensor b, float c) -> Tensor")
from torchvision import models

from sufficient.datasets import load_digits_images
from sufficient.features import ImageFeatures

name, width = sys.argv[1], int(sys.argv[2])
models.WeightsEnum.get_state_dict = lambda *_, **__: models.get_model(name).state_dict()
X, _ = load_digits_images(n_samples=2, as_images=True)
features = ImageFeatures(name).fit(X)
assert features.transform(X).shape == (2, width)
assert features.preprocess_(torch.zeros(1, 3, 8, 8)).shape == (1, 3, 224, 224)
"""


@pytest.mark.skipif(
    importlib.util.find_spec("torchvision") is None,
    reason="torchvision is not installed",
)
@pytest.mark.parametrize(("name", "width"), [("resnet18", 512), ("vit_b_16", 768)])
def test_real_torchvision_gives_the_published_widths(name, width):
    """In a process of its own: what is registered with torch stays registered."""
    done = subprocess.run(
        [sys.executable, "-c", REAL, name, str(width)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
