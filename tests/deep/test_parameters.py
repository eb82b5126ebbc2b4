"""Frozen parameters and a filter by name. Oracle: dense Hessians of those alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn
from torch.autograd.functional import hessian
from torch.func import functional_call

from examples.studies.deep_nets.nets import AdaptedTransformer, Transformer, tokens
from sufficient import SampleSizeEstimator
from sufficient.display.arrival import samples_in_order_of_arrival
from sufficient.reproducibility.arithmetic import exact_arithmetic
from tests.dense import spectrum
from tests.same import assert_same_curves
from tests.small import SEEDED

N = 80
QUICK = {**SEEDED, "schedule": [2, 3], "batch_size": 16}
ADAPTERS = ["*lora_*", "head.*"]
pytestmark = pytest.mark.filterwarnings("ignore:The module is an instance")


def chain():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 2))


def table():
    X = np.random.default_rng(0).standard_normal((N, 5)).astype(np.float32)
    return X, (X[:, 0] > 0).astype(int)


def spectrum_along(module, names, X, y):
    """Of the Hessian of the mean loss in the parameters of these names."""
    module = module.double().eval()
    parts = {name: dict(module.named_parameters())[name].detach() for name in names}
    sizes = [part.numel() for part in parts.values()]

    def loss(weights):
        moved = {
            name: piece.reshape(parts[name].shape)
            for name, piece in zip(names, weights.split(sizes), strict=True)
        }
        return nn.functional.cross_entropy(functional_call(module, moved, (X,)), y)

    at = torch.cat([part.reshape(-1) for part in parts.values()])
    with exact_arithmetic():
        return spectrum(hessian(loss, at))


def test_adapters_on_a_frozen_transformer():
    X, y = tokens(N)
    est = SampleSizeEstimator(AdaptedTransformer, parameters=ADAPTERS, **QUICK)
    est.fit(X, y)
    module = est.estimator_.module_
    trained = [name for name, p in module.named_parameters() if p.requires_grad]
    assert sorted({name.rsplit(".", 1)[1] for name in trained}) == [
        "bias",
        "lora_a",
        "lora_b",
        "weight",
    ]
    assert {name.split(".")[0] for name in trained} == {"blocks", "head"}
    seen = samples_in_order_of_arrival(est, X, y)[: est.train_sizes_[-1]]
    expected = spectrum_along(module, trained, seen.X, seen.y)
    assert_allclose(est.eigenvalues_[-1], expected[:2], rtol=5e-3)


def test_the_backbone_keeps_its_weights():
    X, y = tokens(N)
    backbone = Transformer(2)
    before = {name: each.clone() for name, each in backbone.state_dict().items()}
    est = SampleSizeEstimator(backbone, parameters="head.*", **QUICK).fit(X, y)
    after = est.estimator_.module_.state_dict()
    for name, each in before.items():
        assert torch.equal(each, after[name]) != name.startswith("head")
    # The module given is not frozen.
    assert all(each.requires_grad for each in backbone.parameters())


@pytest.mark.parametrize("training", ["update", "restart", "full"])
def test_a_filter_is_what_the_module_would_freeze_itself(training):
    X, y = table()
    changes = {**QUICK, "training": training}
    by_name = SampleSizeEstimator(chain(), parameters=["2.*"], **changes).fit(X, y)
    frozen = chain()
    frozen[0].requires_grad_(False)
    by_itself = SampleSizeEstimator(frozen, **changes).fit(X, y)
    assert_same_curves(by_name, by_itself)
    assert_array_equal(by_name.eigenvalues_, by_itself.eigenvalues_)
    first = by_name.estimator_.module_[0].weight
    assert torch.equal(first, frozen[0].weight)


def test_the_landscape_of_a_frozen_chain_is_that_of_its_head():
    X, y = table()
    est = SampleSizeEstimator(chain(), parameters="2.*", **QUICK).fit(X, y)
    seen = samples_in_order_of_arrival(est, X, y)[: est.train_sizes_[-1]]
    names = ["2.weight", "2.bias"]
    expected = spectrum_along(est.estimator_.module_, names, seen.X.double(), seen.y)
    assert_allclose(est.eigenvalues_[-1], expected[:2], rtol=5e-3)


def test_a_pattern_without_a_match_lists_the_names():
    with pytest.raises(ValueError, match=r"'heads\.\*' matches none.*0\.weight"):
        SampleSizeEstimator(chain(), parameters="heads.*", **QUICK).fit(*table())
