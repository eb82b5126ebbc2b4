"""Backbones by name. Oracles: stand-ins for torchvision and timm, published widths."""

from __future__ import annotations

import builtins
import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest
import torch
from torch import nn

from sufficient.features import ImageFeatures
from tests.processes import python


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
    def test_torchvision_model_loses_its_head(self, fakes, images):
        features = ImageFeatures("tiny").fit(images)
        assert fakes.asked == [("tiny", fakes.weights)]
        assert features.transform(images).shape == (40, 4)
        assert isinstance(features.backbone_[2][1], nn.Identity)
        assert not features.backbone_.training

    def test_timm_model_is_made_without_a_head(self, fakes, images):
        features = ImageFeatures("timm/small").fit(images)
        assert fakes.asked == [("small", True, 0)]
        assert features.transform(images).shape == (40, 4)

    @pytest.mark.parametrize("name", ["tiny", "timm/small"])
    def test_preprocessing_comes_with_the_weights(self, fakes, images, name):
        features = ImageFeatures(name).fit(images)
        assert isinstance(features.preprocess_, Halved)
        features.set_params(preprocess=nn.Identity()).fit(images)
        assert isinstance(features.preprocess_, nn.Identity)

    @pytest.mark.parametrize("name", ["tiny", "timm/small"])
    def test_random_state_is_left_as_it_was(self, fakes, images, name):
        before = torch.random.get_rng_state()
        ImageFeatures(name).fit(images)
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
        self, fakes, images, name, error, says
    ):
        with pytest.raises(error, match=says):
            ImageFeatures(name).fit(images)

    @pytest.mark.parametrize("name", ["resnet18", "timm/resnet18"])
    @pytest.mark.parametrize("problem", [ImportError, RuntimeError])
    def test_missing_package_names_the_remedy(self, monkeypatch, images, name, problem):
        true_import = importlib.import_module

        def refuse(module, *args):
            if module.startswith(("torchvision", "timm")):
                raise problem("it is not here")
            return true_import(module, *args)

        monkeypatch.setattr("sufficient.features.backbones.import_module", refuse)
        with pytest.raises(ImportError, match=r"not here.*sufficient-data\[features\]"):
            ImageFeatures(name).fit(images)

    def test_module_of_ones_own_imports_neither(self, body, images, monkeypatch):
        true_import = builtins.__import__

        def watched(name, *args, **kwargs):
            assert not name.startswith(("torchvision", "timm"))
            return true_import(name, *args, **kwargs)

        monkeypatch.setattr(builtins, "__import__", watched)
        ImageFeatures(body).fit_transform(images)


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
    python("-c", REAL, name, width)
